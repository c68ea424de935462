package lint

import (
	"go/ast"
	"strings"
	"testing"
)

// Every fault names the module that reports it: its line in the error log has
// the module's name, and no other code has to guess it.
func TestFaultsNameTheirModule(t *testing.T) {
	eachFault(t, func(f *goFile, lit *ast.CompositeLit) {
		for _, e := range lit.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				if k, ok := kv.Key.(*ast.Ident); ok && k.Name == "Module" {
					return
				}
			}
		}
		t.Errorf("%s: a fault without Module: it must say whose message it is", f.at(lit))
	})
}

// eachFault calls see for each fault that the code makes.
func eachFault(t *testing.T, see func(f *goFile, lit *ast.CompositeLit)) {
	t.Helper()
	found := 0
	for _, f := range source(t) {
		if f.test || !strings.HasPrefix(f.pkg, "internal/") {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok && isFault(lit.Type, f.pkg) {
				found++
				see(f, lit)
			}
			return true
		})
	}
	if found < 20 {
		t.Errorf("%d faults seen: this test looks for the wrong thing", found)
	}
}

// isFault says whether a type is fault.Fault.
func isFault(e ast.Expr, pkg string) bool {
	switch e := e.(type) {
	case *ast.SelectorExpr:
		p, ok := e.X.(*ast.Ident)
		return ok && p.Name == "fault" && e.Sel.Name == "Fault"
	case *ast.Ident:
		return pkg == "internal/fault" && e.Name == "Fault"
	}
	return false
}
