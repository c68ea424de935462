package methods

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

const hashed = `
<Proxy balancer://path lbmethod=hash hashkey=path failonstatus=503>
    BalancerMember http://127.0.0.1:${o0} retry=1000
    BalancerMember http://127.0.0.1:${o1} retry=1000
    BalancerMember http://127.0.0.1:${o2} retry=1000
</Proxy>
<Proxy balancer://cookie>
    BalancerMember http://127.0.0.1:${o0}
    BalancerMember http://127.0.0.1:${o1}
    BalancerMember http://127.0.0.1:${o2}
    ProxySet lbmethod=hash hashkey=cookie:SID
</Proxy>
<Proxy balancer://expr lbmethod=hash "hashkey=%{tolower:%{req:X-User}}">
    BalancerMember http://127.0.0.1:${o0}
    BalancerMember http://127.0.0.1:${o1}
    BalancerMember http://127.0.0.1:${o2}
</Proxy>
<Proxy balancer://ip lbmethod=hash hashkey=ip>
    BalancerMember http://127.0.0.1:${o0}
    BalancerMember http://127.0.0.1:${o1}
    BalancerMember http://127.0.0.1:${o2}
</Proxy>
<Proxy balancer://bound lbmethod=hash hashkey=path hashbalance=1>
    BalancerMember http://127.0.0.1:${o0}
    BalancerMember http://127.0.0.1:${o1}
    BalancerMember http://127.0.0.1:${o2}
</Proxy>
ProxyPass /path balancer://path
ProxyPass /cookie balancer://cookie
ProxyPass /expr balancer://expr
ProxyPass /ip balancer://ip
ProxyPass /bound balancer://bound
`

func TestHash(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			r := newRig(t, engine, hashed, 3)
			keys(r)
			bounded(r)
			failing(r)
		})
	}
}

// keys sends requests that have the same key, and others.
func keys(r *rig) {
	for _, tt := range []struct {
		path  string
		field string // %d differs
		other bool   // another key each time
	}{
		{"/path/a?n=%d", "A: 1", false}, {"/path/%d", "A: 1", true},
		{"/cookie/%d", "Cookie: SID=4; OTHER=%d", false}, {"/cookie/1", "Cookie: OTHER=1; SID=%d", true},
		{"/expr/%d", "X-User: mE", false}, {"/expr/1", "X-User: u%d", true},
		{"/ip/%d", "X-User: %d", false},
		{"/cookie/1", "Cookie: OTHER=%d", true}, // no key: they take turns
	} {
		seen := map[string]int{}
		for i := range 30 {
			seen[r.from(number(tt.path, i), number(tt.field, i))]++
		}
		if (len(seen) == 1) == tt.other {
			r.t.Errorf("%s %s: %v", tt.path, tt.field, seen)
		}
	}
}

// number puts i where text has %d.
func number(text string, i int) string { return strings.ReplaceAll(text, "%d", strconv.Itoa(i)) }

// bounded: while a member has a request, the next one of the same key is more
// than its share.
func bounded(r *rig) {
	owner := r.from("/bound/a")
	i := int(owner[0] - '0')
	r.responds(i, "wait go ; respond 200 late")
	slow := testkit.Dial(r.t, r.server.Addr())
	before := len(r.origins[i].Requests())
	slow.Send("GET /bound/a HTTP/1.1\r\nHost: www.test\r\n\r\n")
	testkit.Eventually(r.t, "the request is under way", func() bool { return len(r.origins[i].Requests()) > before })
	r.responds(i, "respond 200 "+owner)
	if next := r.from("/bound/a"); next == owner {
		r.t.Errorf("a second request went to %s", next)
	}
	r.origins[i].Release("go")
	if resp, err := slow.Read("GET"); err != nil || string(resp.Body) != "late" {
		r.t.Errorf("the first: %v, %v", resp, err)
	}
	if next := r.from("/bound/a"); next != owner {
		r.t.Errorf("after it: %s, want %s", next, owner)
	}
}

// failing: a member that is in error gives up its keys; all others keep theirs.
func failing(r *rig) {
	before := map[string]string{}
	for i := range 40 {
		path := fmt.Sprintf("/path/%d", i)
		before[path] = r.from(path)
	}
	owner := before["/path/0"]
	i := int(owner[0] - '0')
	r.responds(i, "respond 503 broken")
	r.get("/path/0")
	r.responds(i, "respond 200 "+owner)
	for path, was := range before {
		if now := r.from(path); (now == was) == (was == owner) {
			r.t.Errorf("%s went to %s, and goes to %s without %s", path, was, now, owner)
		}
	}
}
