package exchange

import (
	"reflect"
	"testing"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

// returned counts the buffers that are returned.
type returned struct {
	reactor.Loop
	n int
}

func (l *returned) Return(*reactor.Buffer) { l.n++ }

// Reset keeps nothing of a request, even if fields are added.
func TestResetLeavesNothing(t *testing.T) {
	var x Exchange
	testkit.Fill(&x)
	l := &returned{}
	x.Loop, x.held = l, []*reactor.Buffer{{Bytes: []byte("a")}, {Bytes: []byte("b")}}
	x.Attempt, x.Tries.n = 1, maxTries
	for i := range reflect.TypeFor[Exchange]().NumField() {
		f := reflect.TypeFor[Exchange]().Field(i)
		if reflect.ValueOf(&x).Elem().Field(i).IsZero() && f.Type.Kind() != reflect.Interface {
			t.Errorf("%s was not filled", f.Name)
		}
	}
	x.Mapped, x.Relay = nothing{}, nothing{}
	x.filters, x.inputs = []active{{out: nothing{}}}, []active{{in: nothing{}}}
	x.Reset(true)
	if left := testkit.Residue(&x, "Client", "Loop", "Front", "Attempt", "Arena.block"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if l.n != 2 || x.Client == nil || x.Loop == nil || x.Attempt == nil {
		t.Errorf("%d buffers returned; %v, %v, %v", l.n, x.Client, x.Loop, x.Attempt)
	}
	if cap(x.Out.Extra) == 0 || cap(x.held) == 0 {
		t.Error("a table was given up")
	}
}

// nothing is a handler and a relay.
type nothing struct{}

func (nothing) Head(*Exchange, *Slot) (Effect, error)  { return Observes, nil }
func (nothing) Begin(*Exchange, *Slot) (Effect, error) { return Observes, nil }
func (nothing) Done(*Exchange, *Slot)                  {}
func (nothing) Body(*Exchange, *Slot, []byte, Op, Sink) error {
	return nil
}
func (nothing) Read(*Exchange, *Slot, []byte, bool, Source) (int, error) { return 0, nil }
func (nothing) Handle(*Exchange) error                                   { return nil }
func (nothing) BackendHead(*Exchange) (bool, error)                      { return false, nil }
