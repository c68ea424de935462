package lint

import (
	"go/ast"
	"testing"
)

// barred are the parts of package sync that may block a coroutine's thread while another coroutine of the same loop
// holds them across a yield, and what to use instead.
var barred = map[string]string{
	"Mutex":      "lock.Mutex, which tests check for being held across a yield",
	"RWMutex":    "lock.Mutex, which tests check for being held across a yield",
	"Cond":       "a queue of parkers (package waitqueue)",
	"NewCond":    "a queue of parkers (package waitqueue)",
	"Once":       "an atomic flag, or a row in internal/lint/locks_test.go that says why its function never yields",
	"OnceFunc":   "an atomic flag, or a row in internal/lint/locks_test.go that says why its function never yields",
	"OnceValue":  "an atomic flag, or a row in internal/lint/locks_test.go that says why its function never yields",
	"OnceValues": "an atomic flag, or a row in internal/lint/locks_test.go that says why its function never yields",
}

// allowed lists the exceptions, and why they stop no loop.
var allowed = map[string]string{
	"internal/lock/mutex.go Mutex":          "it is what lock.Mutex is made of",
	"internal/lock/thread.go Mutex":         "guards the list of threads, which is changed outside of coroutines",
	"internal/snapshot/snapshot.go Once":    "its function starts a goroutine and returns",
	"internal/directive/known.go OnceValue": "its function parses a text that is in memory",
	"internal/logsink/registry.go Once":     "closing a registry and closing a channel: the first by the server's goroutine, the other never waits",
	"internal/logsink/pipe.go Once":         "its function closes a channel",
}

// TestNoBareLocks keeps unchecked locks out of the packages that coroutines run.
func TestNoBareLocks(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range source(t) {
		if f.test || layerOf(f.pkg) < 0 {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			x, ok := s.X.(*ast.Ident)
			if !ok || x.Name != "sync" || barred[s.Sel.Name] == "" {
				return true
			}
			key := f.path + " " + s.Sel.Name
			seen[key] = true
			if allowed[key] == "" {
				t.Errorf("%s: sync.%s may stop a loop: use %s", f.at(s), s.Sel.Name, barred[s.Sel.Name])
			}
			return true
		})
	}
	for key := range allowed {
		if !seen[key] {
			t.Errorf("%q is allowed but not there: remove its row", key)
		}
	}
}

// TestJobsOwnWhatTheyTouch requires that the function of every reactor.Await has a name: a literal could capture memory
// that is gone when the caller has left. And only package reactor calls Offload, which has no such check.
func TestJobsOwnWhatTheyTouch(t *testing.T) {
	for _, f := range source(t) {
		if f.test || layerOf(f.pkg) < 0 || f.pkg == "internal/reactor" {
			continue
		}
		ast.Inspect(f.ast, func(n ast.Node) bool {
			c, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			s, ok := c.Fun.(*ast.SelectorExpr)
			switch {
			case !ok:
			case s.Sel.Name == "Offload":
				t.Errorf("%s: call reactor.Await, whose jobs own what they touch", f.at(s))
			case s.Sel.Name == "Await" && len(c.Args) > 0:
				if _, literal := c.Args[len(c.Args)-1].(*ast.FuncLit); literal {
					t.Errorf("%s: a job may outlive its caller: give Await a function with a name, which captures nothing", f.at(s))
				}
			}
			return true
		})
	}
}
