package mapping

import (
	"errors"
	"fmt"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/worker"
)

// deaf is a protocol that is never used.
type deaf struct{}

func (deaf) RoundTrip(*exchange.Exchange, *worker.Worker) error { return nil }

func targets(t *testing.T, defined ...string) *Targets {
	t.Helper()
	var reg state.Registry
	lease := reg.Lease()
	t.Cleanup(lease.Release)
	b := &forward.Backends{
		Lease: lease, Resolver: new(resolve.Resolver), Loops: 1, RuntimeDir: "/run/x",
		Protocols: map[string]worker.Protocol{"http": deaf{}, "ajp": deaf{}},
	}
	out := &Targets{
		Workers: new(forward.Definitions), Handlers: new(forward.Handlers),
		Backends: b, Queries: NewQueries(),
	}
	for _, url := range defined {
		u, err := uri.Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		d, _, err := out.Workers.Define(u, nil, nil, syntax.Pos{})
		if err != nil {
			t.Fatal(err)
		}
		p := param.Default()
		h, err := b.Handler("main", u, &p, forward.Defaults{})
		if err != nil {
			t.Fatal(err)
		}
		out.Handlers.Add(d, h)
	}
	return out
}

// A target goes to the worker whose URL is a prefix of it, else to a generic
// one that keeps no connections; it is sent in canonical form, unless it is
// raw.
func TestTarget(t *testing.T) {
	ts := targets(t, "http://h/app", "http://h", "ajp://j:8009", "unix:sock|http://u/")
	for _, tt := range []struct {
		url, args string
		raw       bool
		worker    string // "" for a fault
		reuse     bool
		target    string
		filename  string
	}{
		{url: "http://h/x y", worker: "http://h", reuse: true, target: "/x%20y", filename: "proxy:http://h/x%20y"},
		{url: "http://h/app/x", args: "a=1", worker: "http://h/app", reuse: true, target: "/app/x?a=1", filename: "proxy:http://h/app/x?a=1"},
		{url: "http://h/app%20x?b", raw: true, worker: "http://h/app", reuse: true, target: "/app%20x?b", filename: "proxy:http://h/app%20x?b"},
		{url: "http://h2/x", worker: "http://h2", target: "/x", filename: "proxy:http://h2/x"},
		{url: "http://h:8080", worker: "http://h:8080", target: "/", filename: "proxy:http://h:8080/"},
		{url: "ajp://j/x", worker: "ajp://j", reuse: true, target: "/x", filename: "proxy:ajp://j/x"},
		{url: "ajp://k:8010/x", worker: "ajp://k:8010", target: "/x", filename: "proxy:ajp://k:8010/x"},
		{url: "unix:/a.sock|http://h/x", worker: "http://h", target: "/x", filename: "proxy:http://h/x"},
		{url: "fcgi://h/x"},
		{url: "http://h/x\x01", raw: true},
		{url: "nothing"},
		{url: "http://"},
	} {
		x := &exchange.Exchange{Site: new(exchange.Site), Args: []byte(tt.args), HasArgs: tt.args != ""}
		h, err := ts.Target(x, []byte(tt.url), tt.raw)
		if tt.worker == "" {
			if err == nil {
				t.Errorf("%s: %v", tt.url, h)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tt.url, err)
			continue
		}
		w := h.(*forward.Handler)
		if w.Name != tt.worker || w.Reuse != tt.reuse {
			t.Errorf("%s: worker %s, reuse %v", tt.url, w.Name, w.Reuse)
		}
		if string(x.Out.Target) != tt.target || string(x.Out.URL) != tt.filename {
			t.Errorf("%s: %s, %s", tt.url, x.Out.Target, x.Out.URL)
		}
		if again, _ := ts.Target(x, []byte(tt.url), tt.raw); again != h {
			t.Errorf("%s: the worker was made again", tt.url)
		}
	}
}

// However many hosts requests name, few workers are kept.
func TestGenericIsBounded(t *testing.T) {
	ts := targets(t)
	for i := range 3 * maxGeneric {
		x := &exchange.Exchange{Site: new(exchange.Site)}
		if _, err := ts.Target(x, fmt.Appendf(nil, "http://h%d/", i), false); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(ts.generic); n > maxGeneric {
		t.Errorf("%d are kept", n)
	}
	var f *fault.Fault
	if _, err := ts.Target(&exchange.Exchange{Site: new(exchange.Site)}, []byte("gopher://h/"), false); !errors.As(err, &f) {
		t.Error(err)
	}
}
