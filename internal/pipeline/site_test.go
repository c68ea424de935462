package pipeline

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/snapshot"
)

// A connection that requests one host after the other gets the site of each,
// including those that were kept.
func TestPickSiteOnOneConnection(t *testing.T) {
	long := strings.Repeat("long.", 12) + "test"
	s, local := snapshotOf("a.test", "b.test", long), netip.MustParseAddrPort("127.0.0.1:80")
	p := New(nil)
	p.Swap(s)
	x := &exchange.Exchange{Client: &exchange.Client{Local: local}}
	for _, c := range [][2]string{
		{"b.test", "b.test"}, {"b.test", "b.test"}, {"B.test:8080", "b.test"}, {"a.test", "a.test"}, {"b.test.", "b.test"},
		{long, long}, {"b.test", "b.test"}, {"b.tes", "a.test"}, {"b.test", "b.test"}, {"[b", "a.test"}, {"", "a.test"},
		{"b.test", "b.test"}, {strings.Repeat("b", 300), "a.test"}, {"b.test", "b.test"},
	} {
		x.Site, x.Req.Host = p.Base(x.Client), []byte(c[0])
		if p.pickSite(x); x.Site.Name != c[1] {
			t.Errorf("%q: %s, want %s", c[0], x.Site.Name, c[1])
		}
	}
	fresh := snapshotOf("b.test", "a.test")
	p.Swap(fresh)
	if x.Site = p.Base(x.Client); x.Site != fresh.VHosts.Files()[0].Site {
		t.Errorf("%s is first", x.Site.Name)
	}
	x.Req.Host = []byte("b.test")
	if p.pickSite(x); x.Site != fresh.VHosts.Files()[0].Site {
		t.Error("the site is of the former snapshot")
	}
}

// Connections to an address with one site share what is known about them.
func TestBaseIsShared(t *testing.T) {
	p := New(nil)
	p.Swap(snapshotOf("a.test"))
	one, other := exchange.Client{Local: netip.MustParseAddrPort("127.0.0.1:80")}, exchange.Client{Local: netip.MustParseAddrPort("127.0.0.2:80")}
	if p.Base(&one) != p.Base(&other) || one.Base != other.Base {
		t.Error("not shared")
	}
	p.Swap(snapshotOf("b.test"))
	if s := p.Base(&one); s.Name != "b.test" {
		t.Errorf("%s is first", s.Name)
	}
}

// snapshotOf has a virtual host for any address for each name.
func snapshotOf(names ...string) *snapshot.Snapshot {
	s := snapshot.New(&snapshot.Settings{Main: &exchange.Site{Name: "main"}}, nil, 1)
	var hosts []*snapshot.VHost
	for _, n := range names {
		site := &exchange.Site{Name: n}
		hosts = append(hosts, &snapshot.VHost{Site: site, Names: []string{n}, Addrs: []snapshot.Addr{{Port: 80}}})
	}
	s.VHosts = snapshot.NewVHosts(s.Main, hosts)
	return s
}
