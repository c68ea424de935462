package module_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/reactor"
)

func TestMethods(t *testing.T) {
	get, post := module.NewMethods([]string{"GET"}, false), module.NewMethods([]string{"POST"}, false)
	notGet, notPost := module.NewMethods([]string{"HEAD"}, true), module.NewMethods([]string{"POST"}, true)
	for _, tt := range []struct {
		name string
		set  module.Methods
		has  string // g GET, h HEAD, p POST, f FOO
	}{
		{"all", module.Methods{}, "ghpf"},
		{"none", module.NewMethods(nil, false), ""},
		{"get", get, "gh"},
		{"not get", notGet, "pf"},
		{"get and post", get.Intersect(post), ""},
		{"get and not post", get.Intersect(notPost), "gh"},
		{"not get and post", notGet.Intersect(post), "p"},
		{"not get and not post", notGet.Intersect(notPost), "f"},
		{"get or post", get.Union(post), "ghp"},
		{"get or not post", get.Union(notPost), "ghf"},
		{"not get or get", notGet.Union(get), "ghpf"},
		{"not get or not post", notGet.Union(notPost), "ghpf"},
	} {
		has := ""
		for letter, name := range map[string]string{"g": "GET", "h": "HEAD", "p": "POST", "f": "FOO"} {
			x := &exchange.Exchange{}
			x.Req.Method = []byte(name)
			if tt.set.Has(x) {
				has += letter
			}
		}
		if len(has) != len(tt.has) || tt.set.Empty() != (has == "") || tt.set.All() != (len(has) == 4) {
			t.Errorf("%s: %q, want %q", tt.name, has, tt.has)
		}
	}
}

func TestInDomain(t *testing.T) {
	for _, tt := range []struct {
		domain, name string
		want         bool
	}{
		{"good.com", "good.com", true}, {"good.com", "a.GOOD.com", true}, {"good.com", "nogood.com", false},
		{".good.com", "a.good.com", true}, {".good.com", "good.com", false}, {"com", "good.com", true},
		{"", "good.com", false}, {"a.good.com", "good.com", false}, {".com", "x.com", true},
	} {
		if module.InDomain(tt.domain, tt.name) != tt.want {
			t.Errorf("%s in %s", tt.name, tt.domain)
		}
	}
}

// loop executes awaited jobs at once and counts them.
type loop struct {
	reactor.Loop
	awaited int
}

func (l *loop) Offload(ctx context.Context, _ reactor.Work, j reactor.Job) error {
	l.awaited++
	j.Do(ctx)
	return nil
}

func TestNames(t *testing.T) {
	now := time.Unix(1000, 0)
	answer := "Client.Example."
	n := &module.Names{
		Now: func() time.Time { return now },
		Reverse: func(context.Context, string) ([]string, error) {
			if answer == "" {
				return nil, errors.New("no name")
			}
			return []string{answer}, nil
		},
		Forward: func(_ context.Context, host string) ([]netip.Addr, error) {
			return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
		},
	}
	l := &loop{}
	x := &exchange.Exchange{Loop: l, Client: &exchange.Client{Remote: netip.MustParseAddrPort("[::ffff:10.0.0.1]:9")}}
	step := func(after time.Duration, want string, awaited int) {
		t.Helper()
		now = now.Add(after)
		if got, ok := n.Of(x); got != want || ok != (want != "") || l.awaited != awaited {
			t.Errorf("%q, %d look-ups", got, l.awaited)
		}
	}
	step(0, "client.example", 1)
	step(time.Minute, "client.example", 1)
	answer = ""
	step(time.Second, "", 2)
	answer = "back.example"
	step(5*time.Second, "", 2)
	step(time.Second, "back.example", 3)
	x.Client.Remote = netip.MustParseAddrPort("10.0.0.2:9")
	step(0, "", 4) // the name leads elsewhere
	x.Client.Remote = netip.AddrPort{}
	step(0, "", 4) // a UNIX socket
}
