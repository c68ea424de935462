package lint

import (
	"bytes"
	"go/ast"
	"strings"
	"testing"
)

// The limits.
const (
	maxFile     = 600 // lines of a file
	maxFunction = 120 // lines of a function
)

func TestSizes(t *testing.T) {
	for _, f := range source(t) {
		if f.lines > maxFile {
			t.Errorf("%s has %d lines, more than %d: one file, one idea", f.path, f.lines, maxFile)
		}
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			n := f.fset.Position(fn.End()).Line - f.fset.Position(fn.Pos()).Line + 1
			if n > maxFunction {
				t.Errorf("%s: %s has %d lines, more than %d: name its parts, or make rows of its cases",
					f.at(fn), fn.Name.Name, n, maxFunction)
			}
		}
	}
}

func TestNoInit(t *testing.T) {
	for _, f := range source(t) {
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: no init functions: say it in a list that somebody reads", f.at(fn))
			}
		}
	}
}

func TestPackageNames(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range source(t) {
		name := strings.TrimSuffix(f.ast.Name.Name, "_test")
		switch name {
		case "util", "utils", "common", "helper", "helpers", "types", "manager", "misc", "base", "shared":
			if !seen[f.pkg] {
				t.Errorf("%s: package %s says nothing: name it by what it is", f.path, name)
			}
			seen[f.pkg] = true
		}
	}
}

// TestPackageDocs requires a doc.go, or at least one package comment, in every package with
// code.
func TestPackageDocs(t *testing.T) {
	has, all := map[string]bool{}, map[string]bool{}
	for _, f := range source(t) {
		if f.test {
			continue
		}
		all[f.pkg] = true
		if f.ast.Doc != nil {
			has[f.pkg] = true
		}
	}
	for pkg := range all {
		if !has[pkg] {
			t.Errorf("%s has no package comment: doc.go states purpose, ownership, what it may import", pkg)
		}
	}
}

// TestExportedDocs requires a comment on every exported name outside of tests. The comment above a group of constants,
// variables or fields counts for all of them.
func TestExportedDocs(t *testing.T) {
	for _, f := range source(t) {
		if f.test {
			continue
		}
		for _, d := range f.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && receiverExported(d) {
					t.Errorf("%s: exported %s has no comment", f.at(d), d.Name.Name)
				}
			case *ast.GenDecl:
				undocumented(t, f, d)
			}
		}
	}
}

// receiverExported reports whether d is a function, or a method of an exported type.
func receiverExported(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.IndexListExpr:
			typ = x.X
		case *ast.Ident:
			return x.IsExported()
		default:
			return true
		}
	}
}

func undocumented(t *testing.T, f *goFile, d *ast.GenDecl) {
	t.Helper()
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() && s.Doc == nil && (d.Doc == nil || d.Lparen.IsValid()) {
				t.Errorf("%s: exported type %s has no comment", f.at(s), s.Name.Name)
			}
		case *ast.ValueSpec:
			for _, n := range s.Names {
				if n.IsExported() && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					t.Errorf("%s: exported %s has no comment", f.at(s), n.Name)
				}
			}
		}
	}
}

// TestNoSleep keeps time.Sleep out of tests: wait for the event, poll with a deadline, or use a clock that the test
// turns.
func TestNoSleep(t *testing.T) {
	for _, f := range source(t) {
		if !f.test && layerOf(f.pkg) != -1 {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Sleep" {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "time" {
					t.Errorf("%s: a test does not sleep to wait (testkit.Eventually, a channel, synctest)", f.at(s))
				}
			}
			return true
		})
	}
}

// Names and words of HTTP and of a configuration are ASCII. Unicode case folding would accept the Kelvin sign
// for a k.
func TestFoldingIsASCII(t *testing.T) {
	folds := map[string]bool{"strings.EqualFold": true, "strings.ToLower": true, "bytes.EqualFold": true, "bytes.ToLower": true}
	tools := "internal/docgen internal/directive/gen internal/demo"
	for _, f := range source(t) {
		if f.test || layerOf(f.pkg) < 0 || among(tools, f.pkg) {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && folds[x.Name+"."+s.Sel.Name] {
					t.Errorf("%s: %s.%s folds Unicode: take that of package ascii", f.at(s), x.Name, s.Sel.Name)
				}
			}
			return true
		})
	}
}

// TestSkipsAreSeen finds tests that skip without a visible line: go test shows the reason only with -v, testkit.Skip
// always. A fuzz target may pass over an input.
func TestSkipsAreSeen(t *testing.T) {
	for _, f := range source(t) {
		if !f.test || strings.HasPrefix(f.pkg, "internal/testkit") {
			continue
		}
		for _, d := range f.ast.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(fn.Name.Name, "Fuzz") {
				continue
			}
			ast.Inspect(d, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok || s.Sel.Name != "Skip" && s.Sel.Name != "Skipf" && s.Sel.Name != "SkipNow" {
					return true
				}
				if x, ok := s.X.(*ast.Ident); !ok || x.Name != "testkit" {
					t.Errorf("%s: a skip nobody sees (testkit.Skip, testkit.SkipPeer)", f.at(s))
				}
				return true
			})
		}
	}
}

// banned are texts that no file of the repository may hold, and why. They are assembled from pieces so that this file
// does not hold them either.
var banned = []struct{ text, why string }{
	{"/wo" + "rk/", "a path of one machine"},
	{"/ro" + "ot/go", "a path of one machine"},
	{"/ro" + "ot/.c", "a path of one machine"},
	{"/home" + "/runner", "a path of one machine"},
	{"TO" + "DO:", "do it, or write an issue"},
	{"FIX" + "ME", "do it, or write an issue"},
	{"<<<<" + "<<< ", "a merge that was not finished"},
}

func TestBanned(t *testing.T) {
	err := walk(func(path string, text []byte) error {
		if bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0 {
			return nil // not text
		}
		for i, line := range bytes.Split(text, []byte("\n")) {
			for _, b := range banned {
				if bytes.Contains(line, []byte(b.text)) {
					t.Errorf("%s:%d: holds %q: %s", path, i+1, b.text, b.why)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
