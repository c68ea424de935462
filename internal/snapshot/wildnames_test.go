package snapshot

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/glob"
)

// naivePick tests the hosts of one address one after the other.
func naivePick(hosts []*VHost, name string) *exchange.Site {
	if name == "" {
		return hosts[0].Site
	}
	for _, h := range hosts {
		for _, n := range h.Names {
			if strings.ToLower(n) == name {
				return h.Site
			}
		}
		for _, w := range h.Wild {
			if glob.Match(strings.ToLower(w), name, glob.Simple) {
				return h.Site
			}
		}
	}
	return hosts[0].Site
}

func checkPick(t *testing.T, hosts []*VHost, name string) {
	t.Helper()
	v := NewVHosts(&exchange.Site{Name: "main"}, hosts)
	s := v.Base(netip.MustParseAddrPort("127.0.0.1:80"))
	if got, want := v.Pick(s, []byte(name)), naivePick(hosts, name); got != want {
		var all []string
		for _, h := range hosts {
			all = append(all, fmt.Sprint(h.Site.Name, h.Names, h.Wild))
		}
		t.Fatalf("%q: %s, want %s of %s", name, got.Name, want.Name, strings.Join(all, " "))
	}
}

func TestPickAgainstNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	for range 20000 {
		var hosts []*VHost
		for i := range 1 + r.IntN(6) {
			h := vhost(fmt.Sprint(i), at("*", 80), nil, nil)
			for range r.IntN(3) {
				h.Names = append(h.Names, randomText(r, "aB.", 4))
			}
			for range r.IntN(3) {
				h.Wild = append(h.Wild, randomText(r, "aB.", 3)+string("*?"[r.IntN(2)])+randomText(r, "aB.*?", 3))
			}
			hosts = append(hosts, h)
		}
		checkPick(t, hosts, randomText(r, "ab.", 6))
	}
}

// Each word is the name of a separate host, a pattern when it has a wildcard.
func FuzzPick(f *testing.F) {
	f.Add("a.b *.b a* *a* ?.b", "a.b")
	f.Add("www.*.test *.x.test", "www.x.test")
	f.Fuzz(func(t *testing.T, words, name string) {
		hosts := []*VHost{vhost("default", at("*", 80), nil, nil)}
		for w := range strings.FieldsSeq(words) {
			h := vhost(w, at("*", 80), []string{w}, nil)
			if strings.ContainsAny(w, "*?") {
				h.Names, h.Wild = nil, []string{w}
			}
			hosts = append(hosts, h)
		}
		checkPick(t, hosts, strings.ToLower(name))
	})
}

// hostMixes are realistic virtual hosts: the names and the address of host i,
// and the name of a request to it.
var hostMixes = []struct {
	name        string
	names, wild string
	addrs       []Addr
	host        string
}{
	{"names", "host%d.test", "", at("*", 80), "host%d.test"},
	{"aliases", "host%d.test", "*.host%d.test", at("*", 80), "www.host%d.test"},
	{"heads", "host%d.test", "host%d.*", at("*", 80), "host%d.example"},
	{"labels", "host%d.test", "*.host%d.??", at("*", 80), "www.host%d.xy"},
	{"addresses", "host%d.test", "", append(at("*", 80), append(at("127.0.0.1", 80), at("127.0.0.1", 81)...)...), "host%d.test"},
}

func BenchmarkPick(b *testing.B) {
	for _, mix := range hostMixes {
		for _, n := range []int{1, 100, 10000} {
			var hosts []*VHost
			for i := range n {
				h := vhost(fmt.Sprint(i), mix.addrs, []string{fmt.Sprintf(mix.names, i)}, nil)
				if mix.wild != "" {
					h.Wild = []string{fmt.Sprintf(mix.wild, i)}
				}
				hosts = append(hosts, h)
			}
			v := NewVHosts(&exchange.Site{}, append(hosts, vhost("last", mix.addrs, []string{"last.test"}, nil)))
			s := v.Base(netip.MustParseAddrPort("127.0.0.1:80"))
			for _, at := range places(n) {
				host, want := fmt.Appendf(nil, mix.host, at.i), hosts[0].Site
				if at.name != "none" {
					want = hosts[at.i].Site
				}
				b.Run(fmt.Sprintf("%s/%d/%s", mix.name, n, at.name), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if v.Pick(s, host) != want {
							b.Fatal("wrong host")
						}
					}
				})
			}
		}
	}
}
