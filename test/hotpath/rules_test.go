package hotpath

import (
	"strings"
	"testing"

	benchconf "github.com/headgate/headgate/bench/conf"
	"github.com/headgate/headgate/internal/testkit"
)

// ruled is the configuration of the benchmark's test "rules".
func ruled(t testing.TB) string {
	t.Helper()
	text, err := benchconf.Render("httpd.conf", benchconf.Site{
		Dir: t.TempDir(), Port: 18080, Backend: "127.0.0.1:9000", Workers: 1, Connections: 64, Pool: 64, Rules: true,
		Servers: []benchconf.Server{{Name: "bench.test", Paths: []string{"/"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// ruledRequests are requests of that test: the forwarded target, the request, and its number of allocations. Package regexp
// allocates the groups of a match, unless package rx replaces the pattern by a plain comparison.
var ruledRequests = []struct {
	name, sent, request string
	allocations         float64
}{
	{"none", "/app/shop/small", "GET /app/shop/small HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: wrk\r\nAccept: */*\r\n\r\n", 0},
	{"early", "/app/new-0/a/small", "GET /old-0/a/small HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: wrk\r\nAccept: */*\r\n\r\n", 0},
	{"late", "/app/welcome/small", "GET /welcome/small HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: wrk\r\nAccept: */*\r\n\r\n", 0},
	{"groups", "/app/items/42/small", "GET /item/small?id=42 HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: wrk\r\nAccept: */*\r\n\r\n", 1},
	{"condition", "/api/v1/x", "GET /api/v1/x?a=b&c=d HTTP/1.1\r\nHost: bench.test\r\nUser-Agent: wrk\r\nX-Debug: 1\r\nX-Internal: x\r\nCookie: a=b\r\n\r\n", 0},
}

func TestNoAllocationWithRules(t *testing.T) {
	if raced {
		testkit.Skip(t, "the race detector itself allocates")
	}
	text := ruled(t)
	for _, r := range ruledRequests {
		t.Run(r.name, func(t *testing.T) {
			s := newStack(t, text, r.request, plain)
			for range 100 { // fill the free lists
				if !s.serve() {
					t.Fatalf("connection ended: %q", s.conn.out)
				}
			}
			if sent := string(s.loop.sent); !strings.HasPrefix(sent, "GET "+r.sent) || !strings.Contains(sent, "X-Edge: bench") {
				t.Errorf("backend got %q", sent)
			}
			if !strings.Contains(string(s.conn.out), "X-Served-By: bench.test") {
				t.Errorf("client got %q", s.conn.out)
			}
			if n := testing.AllocsPerRun(500, func() { s.serve() }); n > r.allocations {
				t.Errorf("%v allocations per request, want %v", n, r.allocations)
			}
		})
	}
}

// BenchmarkRules measures rules, edits and sections; compare with BenchmarkProxiedGet.
func BenchmarkRules(b *testing.B) {
	var list []string
	for _, r := range ruledRequests[:4] {
		list = append(list, r.request)
	}
	s := newStack(b, ruled(b), list[0], plain)
	s.bench(b, list, plain)
}
