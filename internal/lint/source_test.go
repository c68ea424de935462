package lint

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// module is the import path of the repository.
const module = "github.com/headgate/headgate"

// goFile is one parsed file of the repository.
type goFile struct {
	path  string // below the root, with slashes
	pkg   string // its folder; "." at the root
	test  bool
	lines int
	ast   *ast.File
	fset  *token.FileSet
}

// at prints the place of a node.
func (f *goFile) at(n ast.Node) string {
	p := f.fset.Position(n.Pos())
	p.Filename = f.path
	return p.String()
}

// imports lists the folders of this repository that the file imports.
func (f *goFile) imports() []string {
	var in []string
	for _, i := range f.ast.Imports {
		path := strings.Trim(i.Path.Value, `"`)
		if dir, ok := strings.CutPrefix(path, module+"/"); ok {
			in = append(in, dir)
		}
	}
	return in
}

var (
	once   sync.Once
	parsed []*goFile
	broken error
)

// source parses the repository once for all tests.
func source(t *testing.T) []*goFile {
	t.Helper()
	once.Do(func() {
		fset := token.NewFileSet()
		broken = walk(func(path string, text []byte) error {
			if !strings.HasSuffix(path, ".go") {
				return nil
			}
			f, err := parser.ParseFile(fset, path, text, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			parsed = append(parsed, &goFile{
				path: path, pkg: filepath.ToSlash(filepath.Dir(path)), test: strings.HasSuffix(path, "_test.go"),
				lines: strings.Count(string(text), "\n"), ast: f, fset: fset,
			})
			return nil
		})
	})
	if broken != nil {
		t.Fatal(broken)
	}
	return parsed
}

// walk calls f with every file of the repository, without generated files and those of
// others.
func walk(f func(path string, text []byte) error) error {
	const root = "../.."
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			if rel == ".git" || rel == "bin" || rel == "bench/results/tmp" {
				return filepath.SkipDir
			}
			return nil
		}
		if rel == ".git" || !d.Type().IsRegular() { // in a second work tree .git is a file
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return f(rel, text)
	})
}
