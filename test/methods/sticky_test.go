package methods

import (
	"strings"
	"testing"
)

const inserted = `
<Proxy balancer://plain stickysession=SRV stickyinsert=On>
    BalancerMember http://127.0.0.1:${o0} route=secret0
    BalancerMember http://127.0.0.1:${o1} route=secret1
    BalancerMember http://127.0.0.1:${o2}
</Proxy>
<Proxy balancer://dressed stickysession=SRV|jsession stickyinsert=On cookiepath=/dressed cookiemaxage=600 cookiesamesite=Strict cookiesecure=On cookiehttponly=Off cookiekey=0123456789abcdef failonstatus=503>
    BalancerMember http://127.0.0.1:${o0} retry=1000
    BalancerMember http://127.0.0.1:${o1} retry=1000
</Proxy>
<Proxy balancer://old stickysession=ROUTEID>
    BalancerMember http://127.0.0.1:${o0} route=0
    BalancerMember http://127.0.0.1:${o1} route=1
</Proxy>
<Location /old>
    Header add Set-Cookie "ROUTEID=.%{BALANCER_WORKER_ROUTE}e; path=/" env=BALANCER_ROUTE_CHANGED
</Location>
ProxyPass /plain balancer://plain
ProxyPass /dressed balancer://dressed
ProxyPass /old balancer://old
`

func TestStickyInsert(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			r := newRig(t, engine, inserted, 3)
			kept := sessions(r)
			dressed(r)
			recipe(r)
			if !r.server.Reload() {
				t.Fatal("the reload failed")
			}
			r.redial()
			for cookie, who := range kept {
				if got := r.from("/plain", "Cookie: "+cookie); got != who {
					t.Errorf("after a reload %s leads to %s, not %s", cookie, got, who)
				}
			}
		})
	}
}

// sessions makes one with each member; returned are their cookies.
func sessions(r *rig) map[string]string {
	kept := map[string]string{}
	for range 3 {
		resp := r.get("/plain", "X-Before: 1")
		set := resp.Header("Set-Cookie")
		cookie, attributes, _ := strings.Cut(set, ";")
		if attributes != " Path=/; HttpOnly; SameSite=Lax" || strings.Contains(set, "secret") {
			r.t.Errorf("Set-Cookie: %s", set)
		}
		kept[cookie] = string(resp.Body)
	}
	if len(kept) != 3 {
		r.t.Errorf("sessions: %v", kept)
	}
	for cookie, who := range kept {
		for range 4 {
			resp := r.get("/plain", "Cookie: "+cookie)
			if string(resp.Body) != who || resp.Header("Set-Cookie") != "" {
				r.t.Errorf("%s of %s goes to %s with %q", cookie, who, resp.Body, resp.Header("Set-Cookie"))
			}
		}
	}
	// No client chooses its member: by a route, by a URL, by a guess.
	for _, fields := range []string{"Cookie: SRV=secret0", "Cookie: SRV=.secret0", "Cookie: SRV=~AAAAAAAAAAAAAAAAAAAAAA", "X: y"} {
		seen := map[string]bool{}
		for range 3 {
			resp := r.get("/plain?SRV=.secret0", fields)
			seen[string(resp.Body)] = true
			if resp.Header("Set-Cookie") == "" {
				r.t.Errorf("%s: no new cookie", fields)
			}
		}
		if len(seen) != 3 {
			r.t.Errorf("%s: went to %v", fields, seen)
		}
	}
	return kept
}

// dressed: the attributes, and what a failed member's session becomes.
func dressed(r *rig) {
	resp := r.get("/dressed")
	cookie, attributes, _ := strings.Cut(resp.Header("Set-Cookie"), ";")
	if attributes != " Path=/dressed; Max-Age=600; SameSite=Strict; Secure" {
		r.t.Errorf("attributes: %s", attributes)
	}
	who := string(resp.Body)
	i := int(who[0] - '0')
	r.responds(i, "respond 503 broken")
	if resp = r.get("/dressed", "Cookie: "+cookie); resp.Status != 503 || resp.Header("Set-Cookie") != "" {
		r.t.Errorf("%d with %q", resp.Status, resp.Header("Set-Cookie"))
	}
	r.responds(i, "respond 200 "+who)
	resp = r.get("/dressed", "Cookie: "+cookie)
	next, _, _ := strings.Cut(resp.Header("Set-Cookie"), ";")
	if string(resp.Body) == who || next == "" || next == cookie {
		r.t.Errorf("the session of %s went to %s with %q after %q", who, resp.Body, next, cookie)
	}
	if got := r.get("/dressed", "Cookie: "+next); string(got.Body) != string(resp.Body) || got.Header("Set-Cookie") != "" {
		r.t.Errorf("the new session went to %s", got.Body)
	}
}

// recipe is httpd's way to make a cookie.
func recipe(r *rig) {
	resp := r.get("/old")
	cookie, _, _ := strings.Cut(resp.Header("Set-Cookie"), ";")
	if cookie != "ROUTEID=."+string(resp.Body) {
		r.t.Errorf("%s from %s", cookie, resp.Body)
	}
	if again := r.get("/old", "Cookie: "+cookie); string(again.Body) != string(resp.Body) || again.Header("Set-Cookie") != "" {
		r.t.Errorf("%s goes to %s", cookie, again.Body)
	}
}
