package main_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// ctlRuns are runs of ctl, one after the other, on the balancers of TestCtl.
var ctlRuns = []struct {
	args string
	code int
	says string // in what it prints, either way
}{
	{"drain -b shop /a", 0, `...: balancer://shop, member O/a: status "-N" -> "+N"`},
	{"drain -b shop /a", 0, "shop O/a: it is so already"},
	{"wait-drained -b shop /a", 0, "/a is drained"},
	{"wait-drained -b shop /b", 1, "O/b does not drain: it gets requests"},
	{"enable -b shop /a", 0, `...: balancer://shop, member O/a: status "+N" -> "-N"`},
	{"undo", 0, `: balancer://shop, member O/a: undo of 2: status "-N" -> "+N"`},
	{"disable -b shop /a /b", 0, `status "-D" -> "+D"`},
	{"weight -b shop /b 2.5", 0, `loadfactor "1" -> "2.5"`},
	{"weight -b shop /b 0", 1, "loadfactor: LoadFactor must be a number between 1..100"},
	{"weight -b shop 127.0.0.1 2", 1, "could mean several members: shop O/a, shop O/b"},
	{"set -b shop lbmethod=bytraffic timeout=3", 0, `"byrequests" -> "bytraffic"`},
	{"set -b shop /b lbset=1 route=x", 0, `route "2" -> "x"`},
	{"set -b shop lbmethod=none", 1, "lbmethod: unknown lbmethod"},
	{"set -b shop /b", 2, "ctl set wants NAME=VALUE"},
	{"set lbmethod=bytraffic", 1, "several balancers could be meant, name one, or * for all: "},
	{"lines -b shop", 0, "BalancerMember balancer://shop O/b route=x loadfactor=2.5 lbset=1 status=+D"},
	{"members", 0, "disabled"},
	{"members nothing", 1, "there is no member nothing; there are "},
	{"members -b nothing", 1, "there is no balancer nothing; there are "},
	{"history -n 1", 0, `route "2" -> "x"`},
	{"add -b one http://127.0.0.1:9/x", 0, "member http://127.0.0.1:9/x"},
	{"add -b one http://127.0.0.1:9/y", 1, "growth="},
	{"remove -b one http://127.0.0.1:9/x", 0, "member http://127.0.0.1:9/x"},
	{"undo 77", 1, "there is no change 77, or it is too long ago"},
	{"undo x", 2, "ctl undo wants the number of a change"},
	{"drain", 2, ""},
	{"nonsense", 2, ""},
}

// TestCtl drives balancers of a running server by the control socket, as a script of
// a deployment does.
func TestCtl(t *testing.T) {
	held, let := make(chan struct{}, 1), make(chan struct{})
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			held <- struct{}{}
			<-let
		case "/":
			w.WriteHeader(404) // what answers looks for
		}
	}))
	defer origin.Close()
	file, port := writeConf(t, fmt.Sprintf(`<Proxy balancer://shop>
BalancerMember %[1]s/a route=1
BalancerMember %[1]s/b route=2
</Proxy>
<Proxy balancer://one>
BalancerMember %[1]s
ProxySet growth=1
</Proxy>
ProxyPass /shop balancer://shop
ProxyPass / balancer://one/
ErrorLog error.log
`, origin.URL))
	cmd := exec.Command(testkit.Binary(t), "run", file)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-ended })
	testkit.Eventually(t, "an answer", func() bool { return answers(port) })

	name := strings.NewReplacer(origin.URL, "O", strings.TrimPrefix(origin.URL, "http://"), "HOST")
	ctl := func(args ...string) result {
		r := run(t, append([]string{"ctl", "-f", file}, args...)...)
		r.out, r.errOut = name.Replace(r.out), name.Replace(r.errOut)
		if _, after, ok := strings.Cut(r.out, " by "); ok && strings.HasPrefix(r.out, "change") {
			_, after, _ = strings.Cut(after, "ctl")
			r.out = "..." + after
		}
		return r
	}
	for _, tt := range ctlRuns {
		if r := ctl(strings.Fields(tt.args)...); r.code != tt.code || !strings.Contains(r.out+r.errOut, tt.says) {
			t.Errorf("ctl %s: exit %d, want %d and %q\n%s%s", tt.args, r.code, tt.code, tt.says, r.out, r.errOut)
		}
	}

	var list []struct {
		Name    string
		Members []struct {
			URL, State string
			LoadFactor float64
			Changed    []string
		}
	}
	if r := ctl("members", "-b", "shop", "--json"); json.Unmarshal([]byte(r.out), &list) != nil || len(list) != 1 ||
		list[0].Members[1].LoadFactor != 2.5 || strings.Join(list[0].Members[1].Changed, " ") != "lbset loadfactor route status" {
		t.Errorf("%s\n%+v", r.out, list)
	}

	// A member with a request is not drained before that has ended.
	response := make(chan error, 1)
	go func() {
		r, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/slow", port))
		if err == nil {
			err = r.Body.Close()
		}
		response <- err
	}()
	<-held
	host := strings.TrimPrefix(origin.URL, "http://")
	if r := ctl("drain", "-b", "one", host, "--wait", "300ms"); r.code != 4 || !strings.Contains(r.errOut, "still has 1 request after 300ms") {
		t.Errorf("%+v", r)
	}
	close(let)
	if err := <-response; err != nil {
		t.Error(err)
	}
	if r := ctl("wait-drained", "-b", "one", host); r.code != 0 {
		t.Errorf("%+v", r)
	}

	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the end", func() bool {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	testkit.Eventually(t, "no server", func() bool { return ctl("members").code == 3 })
}
