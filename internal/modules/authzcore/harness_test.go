package authzcore_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/modules/accesscompat"
	"github.com/headgate/headgate/internal/modules/authzcore"
	"github.com/headgate/headgate/internal/modules/authzhost"
	"github.com/headgate/headgate/internal/modules/core"
	"github.com/headgate/headgate/internal/modules/env"
	"github.com/headgate/headgate/internal/modules/setenvif"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/syntax"
)

// zone has the names that can be resolved in these tests.
var zone = map[string]string{"192.0.2.1": "a.good.example", "192.0.2.2": "evil.nogood.example", "192.0.2.3": "liar.good.example"}

func names() *module.Names {
	n := &module.Names{
		Reverse: func(_ context.Context, addr string) ([]string, error) {
			if name, ok := zone[addr]; ok {
				return []string{strings.ToUpper(name) + ".", "second.example."}, nil
			}
			return nil, errors.New("no such name")
		},
		Forward: func(_ context.Context, host string) ([]netip.Addr, error) {
			for addr, name := range zone {
				if name == host && !strings.HasPrefix(host, "liar") {
					return []netip.Addr{netip.MustParseAddr(addr)}, nil
				}
			}
			return []netip.Addr{netip.MustParseAddr("198.51.100.1")}, nil
		},
	}
	n.Resolver().Fallback = func(context.Context, string) ([]netip.Addr, error) { return nil, errors.New("no such name") }
	n.Resolver().ResolvConf = "/nonexistent"
	n.Resolver().Hosts = "testdata/hosts"
	return n
}

// modules returns the modules of these tests, in the order of modules.All.
func modules() []*module.Module {
	n := names()
	return []*module.Module{
		setenvif.New(), authzhost.New(), accesscompat.New(n), authzcore.New(authzhost.Providers(n)...), env.New(),
	}
}

// site is a configuration that was applied and built.
type site struct {
	modules []*module.Module
	main    *directive.Scope
	server  *module.Server
}

func apply(conf string) (*site, []directive.Diagnostic) {
	s := &site{modules: modules()}
	table := directive.Known().With(core.New(nil, nil).Rows)
	for _, m := range s.modules {
		table = table.With(m.Rows)
	}
	root, _ := syntax.Parse("x.conf", conf)
	main, found := directive.Apply(root, table, directive.Options{})
	s.main = main
	s.server = &module.Server{Scope: main, Conf: main.Server, Own: main.Server, Dir: main.Dir, Site: &exchange.Site{Name: "localhost"}}
	return s, found
}

func build(t testing.TB, conf string) *site {
	t.Helper()
	s, found := apply(conf)
	if directive.Blocking(found) {
		t.Fatalf("%s: %v", conf, found)
	}
	for _, m := range s.modules {
		if m.Server != nil {
			if err := m.Server(&module.Builder{}, s.server); err != nil {
				t.Fatal(err)
			}
		}
	}
	return s
}

// chain compiles the sections whose paths contain path.
func (s *site) chain(t testing.TB, path string) *exchange.Chain {
	t.Helper()
	conf := s.main.Dir
	for _, c := range s.main.Children {
		if strings.HasPrefix(path, c.Words[0]) {
			conf = directive.MergeConfs(conf, c.Dir)
		}
	}
	d := &module.Dir{Server: s.server, Conf: conf, Chain: &exchange.Chain{Site: s.server.Site}}
	for _, m := range s.modules {
		if m.Dir != nil {
			if err := m.Dir(&module.Builder{}, d); err != nil {
				t.Fatal(err)
			}
		}
	}
	return d.Chain
}

// loop runs awaited jobs at once.
type loop struct{ reactor.Loop }

func (loop) Offload(ctx context.Context, _ reactor.Work, j reactor.Job) error {
	j.Do(ctx)
	return nil
}

// exchangeOf makes a request: "GET /path", then header lines; a line "from: a"
// is the client's address. Of path and its normalised form only case differs.
func (s *site) exchangeOf(t testing.TB, request string, header ...string) *exchange.Exchange {
	t.Helper()
	method, path, _ := strings.Cut(request, " ")
	x := &exchange.Exchange{
		Loop: loop{}, Site: s.server.Site, Path: []byte(path),
		Client: &exchange.Client{
			Local: netip.MustParseAddrPort("203.0.113.9:80"), Remote: netip.MustParseAddrPort("127.0.0.1:4000"), PeerIP: []byte("127.0.0.1"),
		},
	}
	x.Req.Method, x.Req.Path, x.Req.Version = []byte(method), []byte(path), message.HTTP11
	for _, l := range header {
		name, value, _ := strings.Cut(l, ": ")
		if name == "from" {
			x.Client.Remote, x.Client.PeerIP = netip.AddrPortFrom(netip.MustParseAddr(value), 4000), []byte(value)
			continue
		}
		x.Req.Header.Add([]byte(name), []byte(value))
	}
	x.Chain = s.chain(t, strings.ToLower(path))
	return x
}

// run runs the steps for x and returns the status that it is refused with; 0 if it
// passes.
func run(x *exchange.Exchange) (status int, id string) {
	for i, list := range [][]exchange.Step{x.Site.PostRead, x.Chain.Parse, x.Chain.Access, x.Chain.Fixups} {
		if i == 1 {
			ascii.LowerBytes(x.Path) // in place of normalizing the path
		}
		for _, s := range list {
			if err := s.Do(x); err != nil {
				f := fault.Of(err)
				return f.Status, f.ID
			}
		}
	}
	return 0, ""
}
