package source

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/headgate/headgate/internal/syntax"
)

// Every file of testdata/httpd is one small configuration tree with three
// goldens: httpd (the output of the real one, recorded with -record where an
// apache2 is installed), errors (all that we report) and tree (the result).
var (
	record  = flag.Bool("record", false, "ask an installed apache2 again")
	update  = flag.Bool("update", false, "rewrite errors and tree")
	modules = flag.String("modules", "/usr/lib/apache2/modules", "where apache2's modules are, for -record")
)

// root is the folder of the trees as the reader sees them.
const root = "/srv"

// static are the modules compiled into the httpd the cases were recorded with.
var static = []string{
	"core_module", "so_module", "watchdog_module", "http_module", "log_config_module", "logio_module", "version_module", "unixd_module",
}

// preloaded are the modules that every case may use.
var preloaded = []string{"mpm_event", "macro", "authz_core"}

// mapFS reads absolute names from a map.
type mapFS struct{ files fstest.MapFS }

func rel(name string) string {
	if name = strings.TrimPrefix(path.Clean(name), "/"); name == "" {
		return "."
	}
	return name
}

func (m mapFS) ReadFile(name string) ([]byte, error)  { return m.files.ReadFile(rel(name)) }
func (m mapFS) Stat(name string) (fs.FileInfo, error) { return m.files.Stat(rel(name)) }

func (m mapFS) ReadDir(name string) ([]fs.DirEntry, error) {
	if m.files[rel(name)] != nil {
		return nil, syscall.ENOTDIR
	}
	return m.files.ReadDir(rel(name))
}

// testCase is one parsed archive.
type testCase struct {
	name    string
	archive *txtar.Archive
	golden  map[string]string
	files   map[string]string
	args    []string          // -D, -C, -c
	env     map[string]string // from lines "env NAME=value"
	differs bool              // from a line "differs: reason": not compared with httpd
}

func loadCase(t *testing.T, name string) *testCase {
	a, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	c := &testCase{name: name, archive: a, golden: map[string]string{}, files: map[string]string{}, env: map[string]string{}}
	for _, f := range a.Files {
		switch f.Name {
		case "httpd", "errors", "tree":
			c.golden[f.Name] = string(f.Data)
		default:
			c.files[f.Name] = string(f.Data)
		}
	}
	for line := range strings.Lines(string(a.Comment)) {
		line = strings.TrimSpace(line)
		if k, v, ok := strings.Cut(strings.TrimPrefix(line, "env "), "="); ok && strings.HasPrefix(line, "env ") {
			c.env[k] = v
		} else if strings.HasPrefix(line, "differs: ") {
			c.differs = true
		} else if len(line) > 3 && line[0] == '-' && line[2] == ' ' {
			c.args = append(c.args, line[:2], line[3:])
		}
	}
	return c
}

func (c *testCase) options() Options {
	files := fstest.MapFS{}
	for name, data := range c.files {
		files[rel(path.Join(root, name))] = &fstest.MapFile{Data: []byte(data)}
	}
	o := Options{
		File: "httpd.conf", ServerRoot: root, FS: mapFS{files}, StaticModules: static,
		Env:            func(n string) (string, bool) { v, ok := c.env[n]; return v, ok },
		KnownDirective: func(n string) bool { return strings.EqualFold(n, "Listen") },
		KnownSection:   func(n string) bool { return strings.EqualFold(n, "VirtualHost") || strings.EqualFold(n, "Location") },
	}
	for _, m := range preloaded {
		o.Pre = append(o.Pre, "LoadModule "+m+"_module mod_"+m+".so")
	}
	for i := 0; i+1 < len(c.args); i += 2 {
		switch c.args[i] {
		case "-D":
			o.Defines = append(o.Defines, c.args[i+1])
		case "-C":
			o.Pre = append(o.Pre, c.args[i+1])
		case "-c":
			o.Post = append(o.Post, c.args[i+1])
		}
	}
	return o
}

var stamp = regexp.MustCompile(`(?m)^\[[^\]]*\] \[[a-z_]+:[a-z]+\] \[pid [^\]]*\] `)

// ask runs apache2 -t on the case.
func (c *testCase) ask(t *testing.T) string {
	dir := t.TempDir()
	for name, data := range c.files {
		full := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	args := []string{"-t", "-d", dir, "-f", "httpd.conf"}
	for _, m := range preloaded {
		args = append(args, "-C", "LoadModule "+m+"_module "+filepath.Join(*modules, "mod_"+m+".so"))
	}
	args = append(args, "-C", "ServerName localhost", "-C", "ErrorLog "+filepath.Join(t.TempDir(), "log"))
	cmd := exec.Command("apache2", append(args, c.args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	for k, v := range c.env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	out, _ := cmd.CombinedOutput() // a bad configuration makes it fail, as expected
	text := stamp.ReplaceAllString(strings.ReplaceAll(string(out), dir, root), "")
	return unescape.Replace(strings.ReplaceAll(text, "apache2: ", ""))
}

// unescape reverses httpd's escapes of control characters in its log.
var unescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n", `\t`, "\t")

// checkHttpd compares our first error and the warnings before it with what
// httpd printed.
func (c *testCase) checkHttpd(t *testing.T, res *Result) {
	want := c.golden["httpd"]
	if c.differs {
		return
	}
	var warnings []string
	for strings.HasPrefix(want, "AH") && !strings.HasPrefix(want, syntax.WalkError) {
		line, rest, _ := strings.Cut(want, "\n")
		warnings, want = append(warnings, line), rest
	}
	i := 0
	for _, w := range res.Warnings {
		if i < len(warnings) && strings.HasSuffix(warnings[i], w.Httpd()) {
			i++
		}
	}
	if i < len(warnings) {
		t.Errorf("httpd also warns: %s\nwe warn: %v", warnings[i], res.Warnings)
	}
	got := "Syntax OK"
	if len(res.Errors) > 0 {
		got = res.Errors[0].Httpd()
		for _, d := range res.Errors { // httpd reports last what it finds after reading
			if d.ID == "" {
				got = d.Httpd()
				break
			}
		}
	}
	if strings.HasSuffix(got, "was not closed.") {
		got = got[strings.LastIndex(got, "<"):] // httpd prints the position between
		if !strings.Contains(want, got) {
			t.Errorf("httpd: %s\nwe:    %s", want, got)
		}
		return
	}
	if got != strings.TrimSuffix(want, "\n") {
		t.Errorf("httpd: %s\nwe:    %s", want, got)
	}
}

func describe(res *Result) (errs, tree string) {
	var b strings.Builder
	for _, d := range res.Errors {
		fmt.Fprintf(&b, "%s\n", d)
	}
	for _, d := range res.Warnings {
		id := d.ID
		if id == "" {
			id = "warning"
		}
		fmt.Fprintf(&b, "%s %s\n", id, d)
	}
	return b.String(), syntax.Format(res.Root)
}

func (c *testCase) rewrite(t *testing.T, set map[string]string) {
	keep := c.archive.Files[:0]
	for _, f := range c.archive.Files {
		if _, ok := c.golden[f.Name]; !ok {
			keep = append(keep, f)
		}
	}
	for _, name := range []string{"httpd", "errors", "tree"} {
		text, ok := set[name]
		if !ok {
			text = c.golden[name]
		}
		if text != "" {
			keep = append(keep, txtar.File{Name: name, Data: []byte(text)})
			c.golden[name] = text
		}
	}
	c.archive.Files = keep
	if err := os.WriteFile(c.name, txtar.Format(c.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestAgainstHttpd(t *testing.T) {
	names, _ := filepath.Glob("testdata/httpd/*.txtar")
	if len(names) == 0 {
		t.Fatal("no cases")
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			c := loadCase(t, name)
			if *record {
				c.rewrite(t, map[string]string{"httpd": c.ask(t)})
				c = loadCase(t, name)
			}
			res := Read(c.options())
			errs, tree := describe(res)
			if *update {
				c.rewrite(t, map[string]string{"errors": errs, "tree": tree})
			}
			c.checkHttpd(t, res)
			if !bytes.Equal([]byte(errs), []byte(c.golden["errors"])) {
				t.Errorf("errors:\n%s\nwant:\n%s", errs, c.golden["errors"])
			}
			if tree != c.golden["tree"] {
				t.Errorf("tree:\n%s\nwant:\n%s", tree, c.golden["tree"])
			}
		})
	}
}
