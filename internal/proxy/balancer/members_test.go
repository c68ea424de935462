package balancer

import (
	"errors"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/health"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/syntax"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/worker"
)

// bench builds balancers as a configuration does.
type bench struct {
	reg     state.Registry
	lease   *state.Lease
	workers worker.List
	checks  health.Checks
	close   []func()
}

func (b *bench) handler(t *testing.T, name string, members ...string) *Handler {
	t.Helper()
	var defs Definitions
	d := defs.Define(name, syntax.Pos{})
	for _, m := range members {
		u, err := uri.Parse(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Members.Define(u, nil, &param.Known{}, syntax.Pos{}); err != nil {
			t.Fatal(err)
		}
	}
	b.lease = b.reg.Lease()
	builder := Builder{
		Backends: &forward.Backends{
			Lease: b.lease, Resolver: new(resolve.Resolver), Loops: 1, Protocols: map[string]worker.Protocol{"http": noProtocol{}},
		},
		Workers: &b.workers, Checks: &b.checks, OnClose: func(f func()) { b.close = append(b.close, f) },
		Known: &param.Known{HealthCheck: true},
	}
	all, err := builder.Build(&defs, "main", "main", forward.Defaults{})
	if err != nil {
		t.Fatal(err)
	}
	return all.Find(name).(*Live).Handler()
}

type noProtocol struct{ worker.Protocol }

func (b *bench) states() (n int) {
	state.Each(&b.reg, func(string, *worker.State) { n++ })
	return n
}

func settings(text string) (list []param.Setting) {
	for _, w := range strings.Fields(text) {
		key, value, _ := strings.Cut(w, "=")
		list = append(list, param.Setting{Key: key, Value: value})
	}
	return list
}

// A member lives from Add to Remove: it is swept, checked and has its state so
// long.
func TestAddRemove(t *testing.T) {
	var b bench
	h := b.handler(t, "b", "http://127.0.0.1:1", "http://127.0.0.1:2/app")
	m, err := h.NewMember("http://127.0.0.1:3", settings("loadfactor=3 route=r status=+D hcmethod=TCP"))
	if err != nil {
		t.Fatal(err)
	}
	if len(b.workers.All()) != 2 || b.checks.Len() != 0 || b.states() != 3 {
		t.Errorf("%d workers, %d checks, %d states before it is added", len(b.workers.All()), b.checks.Len(), b.states())
	}
	if err := h.Add(m); err != nil {
		t.Fatal(err)
	}
	if m.Factor != 300 || string(m.RouteText) != "r" || !m.Added || !m.Health().Has(param.StatusDisabled) || string(m.URL) != "proxy:http://127.0.0.1:3" {
		t.Errorf("%+v", m)
	}
	if len(b.workers.All()) != 3 || b.checks.Len() != 1 {
		t.Errorf("%d workers, %d checks", len(b.workers.All()), b.checks.Len())
	}
	h.Edit(m, func(m *balance.Member) { m.Route, m.Check.Method = "s", "NONE" })
	now := h.Balancer().Members.List()[2]
	if now == m || string(now.RouteText) != "s" || b.checks.Len() != 0 || b.states() != 3 {
		t.Errorf("%+v, %d checks, %d states", now, b.checks.Len(), b.states())
	}
	if !h.Remove(m) || h.Remove(m) || h.Edit(m, nil) || b.states() != 2 || len(b.workers.All()) != 2 {
		t.Errorf("%d states, %d workers", b.states(), len(b.workers.All()))
	}
	again, _ := h.NewMember("http://127.0.0.1:3", nil)
	if err := h.Add(again); err != nil || b.states() != 3 {
		t.Errorf("%v, %d states", err, b.states())
	}
	b.lease.Release()
	for _, f := range b.close {
		f()
	}
	if b.states() != 0 {
		t.Errorf("%d states are left", b.states())
	}
	late, _ := h.NewMember("http://127.0.0.1:4", nil)
	if err := h.Add(late); !errors.Is(err, ErrClosed) || b.states() != 0 {
		t.Errorf("%v, %d states", err, b.states())
	}
}

// Members that cannot be added leave nothing.
func TestAddRefused(t *testing.T) {
	var b bench
	h := b.handler(t, "b", "http://127.0.0.1:1", "http://127.0.0.1:2/app")
	for url, want := range map[string]string{
		"http://127.0.0.1:1":      ErrDuplicate.Error(),
		"http://127.0.0.1:1/x":    ErrDuplicate.Error(),
		"http://127.0.0.1:2/app2": ErrDuplicate.Error(),
		"http://127.0.0.1:2/ap":   "",
		"http://127.0.0.1:11":     "",
		"nothing":                 "URL must be absolute!: nothing",
		"gopher://h":              "no protocol handler was valid for the URL gopher://h (scheme 'gopher')",
	} {
		m, err := h.NewMember(url, nil)
		if err == nil {
			err = h.Add(m)
		}
		if got := text(err); got != want {
			t.Errorf("%s: %q, not %q", url, got, want)
		}
	}
	for _, words := range []string{"loadfactor=0", "route=" + strings.Repeat("x", 64), "nothing=1", "hcmethod=CPING"} {
		if _, err := h.NewMember("http://127.0.0.1:5", settings(words)); err == nil {
			t.Errorf("%s is taken", words)
		}
	}
	for i, url := range []string{"http://127.0.0.1:6", "http://127.0.0.1:7", "http://127.0.0.1:8", "http://127.0.0.1:9"} {
		m, _ := h.NewMember(url, nil)
		if err := h.Add(m); (i == 3) != errors.Is(err, ErrFull) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if b.states() != 7 {
		t.Errorf("%d states", b.states())
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
