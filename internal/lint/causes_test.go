package lint

import (
	"go/ast"
	"testing"

	"github.com/headgate/headgate/internal/fault"
)

// Every fault has a cause that says something: it names one, or its side, phase and
// kind stand for one.
func TestFaultsHaveACause(t *testing.T) {
	eachFault(t, func(f *goFile, lit *ast.CompositeLit) {
		side, phase, kind := sides, phases, kinds
		for _, e := range lit.Elts {
			kv, ok := e.(*ast.KeyValueExpr)
			if !ok {
				continue
			}
			switch key := kv.Key.(*ast.Ident); key.Name {
			case "Cause":
				return
			case "Side":
				side = named(kv.Value, sides)
			case "Phase":
				phase = named(kv.Value, phases)
			case "Kind":
				kind = named(kv.Value, kinds)
			}
		}
		if made := vague(side, phase, kind); made != nil {
			t.Errorf("%s: a fault of %s %s: %s is called %s, which says too little: give it a Cause", f.at(lit), made.Side, made.Phase, made.Kind, made.Named())
		}
	})
}

// vague returns a fault of these whose cause says too little, nil if there is none.
func vague(side map[string]fault.Side, phase map[string]fault.Phase, kind map[string]fault.Kind) *fault.Fault {
	for _, s := range side {
		for _, p := range phase {
			for _, k := range kind {
				made := &fault.Fault{Side: s, Phase: p, Kind: k}
				switch made.Named() {
				case fault.InternalError, fault.MalformedTarget, fault.DeniedByRequire:
					return made
				}
			}
		}
	}
	return nil
}

// named returns the values that an expression may have: one for a constant, all for
// anything else.
func named[T any](e ast.Expr, all map[string]T) map[string]T {
	name := ""
	switch e := e.(type) {
	case *ast.SelectorExpr:
		name = e.Sel.Name
	case *ast.Ident:
		name = e.Name
	}
	if v, ok := all[name]; ok {
		return map[string]T{name: v}
	}
	return all
}

// The constants of package fault by their names.
var (
	sides = map[string]fault.Side{"Proxy": fault.Proxy, "Client": fault.Client, "Backend": fault.Backend}

	phases = map[string]fault.Phase{
		"ReadRequest": fault.ReadRequest, "ReadBody": fault.ReadBody, "Map": fault.Map, "Acquire": fault.Acquire, "Resolve": fault.Resolve,
		"Connect": fault.Connect, "Handshake": fault.Handshake, "SendRequest": fault.SendRequest, "SendBody": fault.SendBody,
		"AwaitHead": fault.AwaitHead, "ReadHead": fault.ReadHead, "ReadResponse": fault.ReadResponse, "SendResponse": fault.SendResponse,
	}

	kinds = map[string]fault.Kind{
		"Internal": fault.Internal, "Refused": fault.Refused, "Unreachable": fault.Unreachable, "Timeout": fault.Timeout,
		"Unresolved": fault.Unresolved, "TLS": fault.TLS, "Reset": fault.Reset, "Closed": fault.Closed, "Malformed": fault.Malformed,
		"TooLarge": fault.TooLarge, "Exhausted": fault.Exhausted, "Unavailable": fault.Unavailable, "Aborted": fault.Aborted,
		"Unsupported": fault.Unsupported, "Denied": fault.Denied, "InvalidInput": fault.InvalidInput,
	}
)
