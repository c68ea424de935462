package tomcat

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

const balanced = `<Proxy balancer://tomcats>
    BalancerMember ajp://127.0.0.1:${t1} route=tomcat1 secret=` + secret + ` ping=2
    BalancerMember ajp://127.0.0.1:${t2} route=tomcat2 secret=` + secret + ` ping=2
    ProxySet stickysession=JSESSIONID|jsessionid scolonpathdelim=On hcmethod=CPING hcinterval=300ms hctimeout=10s
</Proxy>
ProxyPass /t balancer://tomcats/t
ProxyPass /examples balancer://tomcats/examples
`

// TestSticky has sessions on two Tomcats, of which one is killed while requests are under way: sessions stay where they
// are, those of the killed one begin again on the other, and no request fails.
func TestSticky(t *testing.T) {
	all := start(t, "tomcat1", "tomcat2")
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: balanced, Vars: map[string]string{"t1": all[0].port, "t2": all[1].port}})
	cookies := make([]string, 12)
	on := map[string]int{}
	for i := range cookies {
		r, err := get(t, s, "/t/count.jsp", "")
		if err != nil || r.Status != 200 {
			t.Fatal(r, err)
		}
		cookies[i] = session(r)
		on[route(cookies[i])]++
		counted(t, r, cookies[i], 1)
	}
	if on["tomcat1"] != 6 || on["tomcat2"] != 6 {
		t.Errorf("sessions on the Tomcats: %v", on)
	}
	for n := 2; n < 5; n++ {
		for i, cookie := range cookies {
			target := "/t/count.jsp"
			if i%2 == 1 { // the session is in the path
				target, cookie = target+";jsessionid="+cookie, ""
			}
			r, err := get(t, s, target, cookie)
			if err != nil || session(r) != "" {
				t.Fatal(r, err)
			}
			counted(t, r, cookies[i], n)
		}
	}
	theExample(t, s)

	if strings.Contains(s.File("error.log"), "Health check DISABLING") {
		t.Error("a Tomcat does not answer CPING")
	}
	number, stop := load(t, s, cookies)
	all[0].kill()
	if n := number() + 100; !testkit.Poll(20*time.Second, func() bool { return number() > n || t.Failed() }) {
		t.Error("requests do not go on after a Tomcat was killed")
	}
	stop()
	for _, cookie := range cookies {
		r, err := get(t, s, "/t/count.jsp", cookie)
		switch {
		case err != nil || r.Status != 200:
			t.Fatal(r, err)
		case route(cookie) == "tomcat2":
			if session(r) != "" || !strings.HasPrefix(string(r.Body), "tomcat2 ") {
				t.Errorf("the session %s: %q, %q", cookie, r.Body, session(r))
			}
		default:
			fresh := session(r)
			counted(t, r, fresh, 1)
			if r, err = get(t, s, "/t/count.jsp", fresh); err != nil || route(fresh) != "tomcat2" {
				t.Fatal(fresh, err)
			}
			counted(t, r, fresh, 2)
		}
	}
}

// counted checks a response of count.jsp: which Tomcat has the session, and how often it was asked.
func counted(t *testing.T, r *testkit.Response, session string, n int) {
	t.Helper()
	if want := fmt.Sprintf("%s %d ", route(session), n); !strings.HasPrefix(string(r.Body), want) {
		t.Errorf("session %s: %q, want %q", session, r.Body, want)
	}
}

// theExample has Tomcat's own example keep an attribute in a session.
func theExample(t *testing.T, s *testkit.Server) {
	t.Helper()
	const example = "/examples/servlets/servlet/SessionExample"
	r, err := get(t, s, example+"?dataname=fruit&datavalue=plum", "")
	if err != nil || r.Status != 200 {
		t.Fatal(r, err)
	}
	for range 3 {
		again, err := get(t, s, example, session(r))
		if err != nil || !strings.Contains(string(again.Body), "fruit = plum") {
			t.Errorf("%v, %.400q", err, again.Body)
		}
	}
}

// begun reports whether a Tomcat had begun to respond when it was killed: the response is cut, or its head was not
// complete.
func begun(s *testkit.Server, r *testkit.Response, err error) bool {
	return errors.Is(err, testkit.ErrTruncated) || err == nil && r.Status == 503 && testkit.Poll(time.Second, func() bool {
		return strings.Contains(s.Logs(), "not repeated, because the backend has responded")
	})
}

// load sends requests with these sessions until stop is called; number returns how many there were. A response that has
// begun when its Tomcat is killed is cut, which can happen once to each loop.
func load(t *testing.T, s *testkit.Server, cookies []string) (number func() int64, stop func()) {
	var wg sync.WaitGroup
	var end atomic.Bool
	var n, cuts atomic.Int64
	const loops = 4
	for worker := range loops {
		wg.Go(func() {
			for i := worker; !end.Load(); i++ {
				r, err := get(t, s, "/t/count.jsp", cookies[i%len(cookies)])
				if begun(s, r, err) && cuts.Add(1) <= loops {
					continue
				}
				if err != nil || r.Status != 200 {
					t.Errorf("while a Tomcat was killed: %v, %v", r, err)
					return
				}
				n.Add(1)
			}
		})
	}
	testkit.Poll(10*time.Second, func() bool { return n.Load() > 10 })
	return n.Load, func() {
		end.Store(true)
		wg.Wait()
	}
}
