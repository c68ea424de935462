package source

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/headgate/headgate/internal/glob"
	"github.com/headgate/headgate/internal/syntax"
)

// Limits of httpd: AP_MAX_INCLUDE_DEPTH, AP_MAX_FNMATCH_DIR_DEPTH.
const (
	maxIncludes = 128
	maxDirs     = 128
)

const includePrefix = "Include/IncludeOptional: "

func include(f *file, l syntax.Line, _ string, w []string) string {
	return f.include(l, w[0], false)
}

func includeOptional(f *file, l syntax.Line, _ string, w []string) string {
	return f.include(l, w[0], true)
}

// rootRelative returns the path of a file named in the configuration. Relative
// names start at the ServerRoot set so far, never at the folder of the file
// that names them.
func (r *reader) rootRelative(name string) string { return join(r.res.ServerRoot, name) }

// include reads the files that name stands for into the innermost open section.
func (f *file) include(l syntax.Line, name string, optional bool) string {
	if f.stopped {
		return ""
	}
	if len(f.includes) >= maxIncludes {
		// One message is enough: on the way out every level would hit the limit
		// again.
		f.stopped = true
		f.tree.Excuse()
		return fmt.Sprintf("Exceeded maximum include depth of %d, There appears to be a recursion.", maxIncludes)
	}
	g := expansion{f: f, at: l, directive: "Include", optional: optional}
	if optional {
		g.directive = "IncludeOptional"
	}
	g.expand(f.rootRelative(name))
	return ""
}

// expansion reads the files that one Include stands for.
type expansion struct {
	f         *file
	at        syntax.Line
	directive string
	optional  bool
	depth     int // of nested directories that are read whole
}

func (g *expansion) fault(text string) { g.f.failAt(g.at, g.directive, text, "") }

func (g *expansion) expand(name string) {
	if !glob.HasWildcards(name) {
		g.plain(name)
		return
	}
	g.walk("/", strings.TrimPrefix(name, "/"))
}

// plain reads a file, or every file below a directory.
func (g *expansion) plain(name string) {
	f := g.f
	info, err := f.FS.Stat(name)
	if err == nil && info.IsDir() {
		g.directoryTree(strings.TrimSuffix(name, "/"))
		return
	}
	if err != nil && g.optional {
		return
	}
	f.includes = append(f.includes, g.at.Site())
	text := f.file(name, f.tree.Current())
	f.includes = f.includes[:len(f.includes)-1]
	if text != "" {
		g.fault(text)
	}
}

func (g *expansion) directoryTree(dir string) {
	if g.depth++; g.depth > maxDirs {
		g.fault(fmt.Sprintf("%sDirectory '%s' exceeds the maximum include directory nesting level of %d. You have probably a recursion somewhere.", includePrefix, dir, maxDirs))
		return
	}
	defer func() { g.depth-- }()
	for _, n := range g.list(dir, func(fs.DirEntry) bool { return true }) {
		g.plain(dir + "/" + n)
	}
}

// walk matches rest, whose components may have wildcards, below dir.
func (g *expansion) walk(dir, rest string) {
	name, rest, more := strings.Cut(rest, "/")
	below := strings.TrimSuffix(dir, "/") + "/"
	if !glob.HasWildcards(name) {
		if more {
			g.walk(below+name, rest)
		} else {
			g.plain(below + name)
		}
		return
	}
	names := g.list(dir, func(e fs.DirEntry) bool {
		return glob.Match(name, e.Name(), glob.Period) && (!more || g.isDir(below+e.Name(), e))
	})
	if names != nil && len(names) == 0 && !g.optional {
		g.fault(fmt.Sprintf("%sNo matches for the wildcard '%s' in '%s', failing", includePrefix, name, dir))
	}
	for _, n := range names {
		if more {
			g.walk(below+n, rest)
		} else {
			g.plain(below + n)
		}
	}
}

// isDir follows symbolic links: sites-enabled consists of them.
func (g *expansion) isDir(name string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	info, err := g.f.FS.Stat(name)
	return err == nil && info.IsDir()
}

// list returns the names in dir that keep accepts, sorted by their bytes; nil
// after an error.
func (g *expansion) list(dir string, keep func(fs.DirEntry) bool) []string {
	entries, err := g.f.FS.ReadDir(dir)
	if err != nil {
		if !g.optional || !errors.Is(err, fs.ErrNotExist) {
			g.fault(fmt.Sprintf("%sCould not open directory %s: %s", includePrefix, dir, strerror(err)))
		}
		return nil
	}
	names := []string{}
	for _, e := range entries {
		if keep(e) {
			names = append(names, e.Name())
		}
	}
	return sorted(names)
}
