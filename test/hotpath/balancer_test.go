package hotpath

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

const balanced = `
ServerName proxy.test
Listen 127.0.0.1:18080
LogFormat "%h \"%r\" %>s %b %{BALANCER_WORKER_ROUTE}e" combined
CustomLog access.log combined
MaxKeepAliveRequests 0
<Proxy balancer://b METHOD>
    BalancerMember http://127.0.0.1:9000/one route=a
    BalancerMember http://127.0.0.1:9000/two route=b loadfactor=2
    BalancerMember http://127.0.0.1:9000/three route=c status=+H
    BalancerMember http://127.0.0.1:9000/four route=d
    BalancerMember http://127.0.0.1:9000/five
    BalancerMember http://127.0.0.1:9000/six lbset=1
    BalancerMember http://127.0.0.1:9000/seven status=+N route=g
    BalancerMember http://127.0.0.1:9000/eight loadfactor=1.5
    BalancerMember http://127.0.0.1:9000/nine status=+R
    BalancerMember http://127.0.0.1:9000/ten route=b
</Proxy>
ProxyPass / balancer://b/
ProxyPassReverse / balancer://b/
`

const sticky = "GET /app/some/path?q=1 HTTP/1.1\r\nHost: www.test\r\nCookie: a=b; SID=1.b; c=d\r\n\r\n"

// A request to a balancer costs no allocation either, for any member.
func TestNoAllocationPerElection(t *testing.T) {
	if raced {
		testkit.Skip(t, "the race detector allocates on its own account")
	}
	for _, params := range []string{
		"lbmethod=byrequests", "lbmethod=bytraffic", "lbmethod=bybusyness", "lbmethod=random", "lbmethod=p2c", "lbmethod=leasttime",
		"lbmethod=hash", "lbmethod=hash hashkey=cookie:SID hashbalance=1.25", "lbmethod=hash hashkey=ip", "lbmethod=hash hashkey=header:Host",
		"lbmethod=hash hashkey=%{REQUEST_METHOD}%{HTTP_HOST}",
		"stickysession=SID stickyinsert=On lbmethod=hash hashkey=ip", "stickysession=SID", "failonstatus=503", "stickysession=SID lbmethod=bybusyness",
	} {
		for _, request := range []string{get, sticky, post} {
			s := newStack(t, strings.Replace(balanced, "METHOD", params, 1), request, plain)
			for range 100 {
				if !s.serve() {
					t.Fatalf("connection ended: %q", s.conn.out)
				}
			}
			if n := testing.AllocsPerRun(500, func() { s.serve() }); n != 0 {
				t.Errorf("%s: %v allocations per request, want 0", params, n)
			}
		}
	}
}

func BenchmarkBalancedGet(b *testing.B) {
	for _, members := range []int{1, 10} {
		b.Run(strconv.Itoa(members), func(b *testing.B) {
			var list strings.Builder
			for i := range members {
				fmt.Fprintf(&list, "BalancerMember http://127.0.0.1:9000/%d\n", i)
			}
			s := newStack(b, "ServerName proxy.test\nListen 127.0.0.1:18080\nMaxKeepAliveRequests 0\n<Proxy balancer://b>\n"+list.String()+
				"</Proxy>\nProxyPass / balancer://b/\n", get, plain)
			s.serve()
			b.ReportAllocs()
			for b.Loop() {
				s.serve()
			}
		})
	}
	b.Run("worker", func(b *testing.B) {
		s := newStack(b, "ServerName proxy.test\nListen 127.0.0.1:18080\nMaxKeepAliveRequests 0\nProxyPass / http://127.0.0.1:9000/0/\n", get, plain)
		s.serve()
		b.ReportAllocs()
		for b.Loop() {
			s.serve()
		}
	})
}
