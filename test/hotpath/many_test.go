package hotpath

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// many is a configuration of hosts virtual hosts with paths mappings each.
func many(hosts, paths int) string {
	var b strings.Builder
	b.WriteString(`
ServerName proxy.test
Listen 127.0.0.1:18080
LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %D" combined
CustomLog access.log combined
MaxKeepAliveRequests 0
`)
	for h := range hosts {
		fmt.Fprintf(&b, "<VirtualHost *:18080>\n ServerName host%d.test\n", h)
		for p := range paths {
			fmt.Fprintf(&b, " ProxyPass /app%d/ http://127.0.0.1:9000/v%d/app%d/\n", p, h, p)
			fmt.Fprintf(&b, " ProxyPassReverse /app%d/ http://127.0.0.1:9000/v%d/app%d/\n", p, h, p)
		}
		b.WriteString("</VirtualHost>\n")
	}
	return b.String()
}

// located is one virtual host whose mappings are in separate sections,
// with one more section for all requests and one for all backends.
func located(paths int) string {
	var b strings.Builder
	b.WriteString(many(1, 0))
	b.WriteString("<Proxy *>\n ProxyAddHeaders On\n</Proxy>\n<Location />\n ProxyPreserveHost On\n</Location>\n")
	for p := range paths {
		fmt.Fprintf(&b, "<Location /app%d/>\n ProxyPass http://127.0.0.1:9000/v0/app%d/\n ProxyPassReverse http://127.0.0.1:9000/v0/app%d/\n</Location>\n", p, p, p)
	}
	return b.String()
}

// at is a request for mapping p of host h.
func at(h, p int) string {
	return fmt.Sprintf("GET /app%d/some/path?q=1 HTTP/1.1\r\nHost: host%d.test\r\nUser-Agent: test/1.0\r\nAccept: */*\r\n"+
		"Accept-Encoding: gzip\r\nCookie: a=b; c=d\r\nConnection: keep-alive\r\n\r\n", p, h)
}

// away is the response of the backend of mapping p of host h that redirects to itself.
func away(h, p int) string {
	return fmt.Sprintf("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9000/v%d/app%d/login\r\nContent-Length: 0\r\n\r\n", h, p)
}

// sizes are the configurations to compare: the others should cost as much as the
// first.
var sizes = []struct {
	name         string
	conf         func() string
	hosts, paths int
}{
	{"1x1", func() string { return many(1, 1) }, 1, 1},
	{"1000x10", func() string { return many(1000, 10) }, 1000, 10},
	{"1x10000", func() string { return many(1, 10000) }, 1, 10000},
	{"located-1", func() string { return located(1) }, 1, 1},
	{"located-10000", func() string { return located(10000) }, 1, 10000},
}

func BenchmarkManyMappings(b *testing.B) {
	for _, size := range sizes {
		s := newStack(b, size.conf(), at(0, 0), plain)
		last := [2]int{size.hosts - 1, size.paths - 1}
		for _, c := range []struct {
			name string
			hp   [2]int
		}{{"first", [2]int{0, 0}}, {"middle", [2]int{last[0] / 2, last[1] / 2}}, {"last", last}, {"none", [2]int{last[0], 1 << 20}}} {
			b.Run(size.name+"/"+c.name, func(b *testing.B) {
				s.bench(b, []string{at(c.hp[0], c.hp[1])}, plain)
			})
		}
		b.Run(size.name+"/redirect", func(b *testing.B) { s.bench(b, []string{at(last[0], last[1])}, away(last[0], last[1])) })
		b.Run(size.name+"/spread", func(b *testing.B) { s.bench(b, spread(size.hosts, size.paths), plain) })
	}
}

// spread is requests for mappings all over a configuration.
func spread(hosts, paths int) []string {
	r := rand.New(rand.NewPCG(15, 16))
	list := make([]string, 1024)
	for i := range list {
		list[i] = at(r.IntN(hosts), r.IntN(paths))
	}
	return list
}

// bench sends the requests in turn.
func (s *stack) bench(b *testing.B, requests []string, answer string) {
	s.loop.answer = []byte(answer)
	var in [][]byte
	for _, r := range requests {
		in = append(in, []byte(r))
		s.conn.in = in[len(in)-1]
		if !s.serve() {
			b.Fatalf("connection ended: %q", s.conn.out)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		s.conn.in = in[i%len(in)]
		s.serve()
	}
}

// A request causes no allocation in a large configuration either, for any mapping,
// and the response comes from its mapping.
func TestNoAllocationAmongMany(t *testing.T) {
	if raced {
		testkit.Skip(t, "the race detector itself allocates")
	}
	for _, size := range sizes {
		t.Run(size.name, func(t *testing.T) {
			s := newStack(t, size.conf(), at(0, 0), plain)
			for _, hp := range [][2]int{{0, 0}, {size.hosts / 2, size.paths / 2}, {size.hosts - 1, size.paths - 1}} {
				h, p := hp[0], hp[1]
				s.conn.in, s.loop.answer = []byte(at(h, p)), []byte(away(h, p))
				for range 10 {
					if !s.serve() {
						t.Fatalf("connection ended: %q", s.conn.out)
					}
				}
				if want := fmt.Sprintf("GET /v%d/app%d/some/path?q=1 ", h, p); !strings.HasPrefix(string(s.loop.sent), want) {
					t.Errorf("backend got %q, want %s", s.loop.sent, want)
				}
				if want := fmt.Sprintf("Location: http://host%d.test/app%d/login\r\n", h, p); !strings.Contains(string(s.conn.out), want) {
					t.Errorf("client got %q, want %s", s.conn.out, want)
				}
				if n := testing.AllocsPerRun(100, func() { s.serve() }); n != 0 {
					t.Errorf("host %d, mapping %d: %v allocations per request, want 0", h, p, n)
				}
			}
		})
	}
}
