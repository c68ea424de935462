package docker

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/dockerd"
)

// web are the labels of a container of the service web of a project.
func web(project string, more ...string) map[string]string {
	m := map[string]string{
		"com.docker.compose.project": project, "com.docker.compose.service": "web", "headgate.host": project + ".test",
	}
	for i := 0; i+1 < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

// A service is scaled from one container to five and to two while requests come, and
// none of them fails.
func TestScale(t *testing.T) {
	r := start(t, "", "")
	names := []string{"scale1", "scale2", "scale3", "scale4", "scale5"}
	ids := map[string]string{}
	run := func(name string) { ids[name] = r.docker.Run(t, dockerd.Spec{Name: name, Labels: web("scale")}) }
	run("scale1")
	t.Logf("the first container is served %v after its start", r.served("scale.test", "scale1"))
	end := r.load("scale.test", 4)
	for _, n := range names[1:] {
		run(n)
	}
	r.served("scale.test", names...)
	for _, n := range names[2:] {
		r.docker.Stop(t, ids[n])
	}
	r.served("scale.test", names[:2]...)
	r.none(end)
}

// All containers are replaced, one after the other, and no request fails.
func TestRollingReplacement(t *testing.T) {
	r := start(t, "", "")
	var old []string
	for _, n := range []string{"roll1", "roll2"} {
		old = append(old, r.docker.Run(t, dockerd.Spec{Name: n, Labels: web("roll"), Check: true}))
	}
	r.served("roll.test", "roll1", "roll2")
	end := r.load("roll.test", 4)
	for i, n := range []string{"roll3", "roll4"} {
		r.docker.Run(t, dockerd.Spec{Name: n, Labels: web("roll"), Check: true})
		r.until("roll.test", n)
		r.docker.Stop(t, old[i])
	}
	r.served("roll.test", "roll3", "roll4")
	r.none(end)
}

// After a container was killed the requests go to the others.
func TestKilled(t *testing.T) {
	r := start(t, "", "")
	r.docker.Run(t, dockerd.Spec{Name: "kill1", Labels: web("kill")})
	victim := r.docker.Run(t, dockerd.Spec{Name: "kill2", Labels: web("kill")})
	r.served("kill.test", "kill1", "kill2")
	end := r.load("kill.test", 2)
	r.docker.Slay(t, victim)
	for range 20 {
		began := time.Now()
		if code, body := r.ask("kill.test", "/"); code != http.StatusOK || time.Since(began) > 2*time.Second {
			t.Errorf("%d %s after %v", code, body, time.Since(began))
		}
	}
	r.served("kill.test", "kill1")
	r.none(end)
}

// A container that its health check does not like, or that is paused, is drained, and
// comes back; what it is busy with is not cut.
func TestHealth(t *testing.T) {
	r := start(t, "", "")
	ids := map[string]string{}
	for _, n := range []string{"sick1", "sick2"} {
		ids[n] = r.docker.Run(t, dockerd.Spec{Name: n, Labels: web("sick", "headgate.balancer", "sick"), Check: true})
	}
	r.served("sick.test", "sick1", "sick2")
	slow := make(chan string, 1)
	go func() {
		code, body := r.ask("sick.test", "/slow?t=1500ms")
		slow <- fmt.Sprint(code, " ", body)
	}()
	code, body := r.ask("sick.test", "/sick")
	if code != http.StatusOK {
		t.Fatalf("%d %s", code, body)
	}
	gone := ""
	testkit.Eventually(t, "one is drained", func() bool {
		seen := r.who("sick.test", 4)
		if len(seen) != 1 || seen["200"] > 0 {
			return false
		}
		for n := range seen {
			gone = map[string]string{"sick1": "sick2", "sick2": "sick1"}[n]
		}
		return gone != ""
	})
	if got := <-slow; !strings.HasPrefix(got, "200 ") {
		t.Errorf("a request of before: %s", got)
	}
	r.docker.Stop(t, ids[gone])
	r.docker.Remove(ids[gone])
	r.docker.Run(t, dockerd.Spec{Name: gone, Labels: web("sick", "headgate.balancer", "sick"), Check: true})
	r.served("sick.test", "sick1", "sick2")
}

// What a file has, a container cannot take, and requests for other hosts go where the
// file says.
func TestFileWins(t *testing.T) {
	r := start(t, "", `
Redirect /only-main http://main.test/
Header always set X-Server main
<VirtualHost *:${port}>
    ServerName first.test
    Header always set X-Server first
    Redirect /where http://first.test/
</VirtualHost>
<VirtualHost *:${port}>
    ServerName mine.test
    ServerAlias *.mine.test
    Redirect /where http://mine.test/
</VirtualHost>
`)
	r.docker.Run(t, dockerd.Spec{Name: "thief", Labels: map[string]string{"headgate.host": "mine.test,sub.mine.test,theirs.test"}})
	r.served("theirs.test", "thief")
	r.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for host, want := range map[string]int{"mine.test": 302, "sub.mine.test": 302, "first.test": 302, "nobody.test": 302, "theirs.test": 200} {
		if code, body := r.ask(host, "/where"); code != want {
			t.Errorf("%s: %d %s", host, code, body)
		}
	}
	// The older container keeps its host; of two of the same second the first by name.
	r.docker.Run(t, dockerd.Spec{Name: "younger", Labels: map[string]string{"headgate.host": "theirs.test,late.test"}})
	r.served("late.test", "younger")
	r.served("theirs.test", "thief")
}

// Without a virtual host in the files the main server stays the default.
func TestMainStays(t *testing.T) {
	r := start(t, "", "Redirect gone /\n")
	r.docker.Run(t, dockerd.Spec{Name: "alone", Labels: map[string]string{"headgate.host": "alone.test"}})
	r.served("alone.test", "alone")
	if code, _ := r.ask("other.test", "/"); code != http.StatusGone {
		t.Errorf("another host: %d", code)
	}
}

// A daemon that is gone keeps what was there, and says so; when it is back, what has
// changed meanwhile is taken over.
func TestDaemonRestarts(t *testing.T) {
	r := start(t, "", "")
	r.docker.Run(t, dockerd.Spec{Name: "stay1", Labels: web("stay")})
	r.served("stay.test", "stay1")
	end := r.load("stay.test", 2)
	r.docker.Kill()
	testkit.Eventually(t, "the log says so", func() bool { return strings.Contains(r.Logs(), "discovered: docker cannot be heard") })
	r.served("stay.test", "stay1")
	if err := r.docker.Start(); err != nil {
		t.Fatal(err)
	}
	r.docker.Run(t, dockerd.Spec{Name: "stay2", Labels: web("stay")})
	r.served("stay.test", "stay1", "stay2")
	r.none(end)
	if !slices.ContainsFunc(strings.Split(r.Logs(), "\n"), func(l string) bool { return strings.Contains(l, "discovered: docker can be heard again") }) {
		t.Error("the log says that it is back")
	}
}

// A container without labels is served with expose=all, by its name; one in the
// network of the machine by its address.
func TestExposeAll(t *testing.T) {
	r := start(t, "expose=all", "")
	r.docker.Run(t, dockerd.Spec{Name: "bare"})
	r.served("bare.localhost", "bare")
}

// A container whose labels do not compile is left out, and not what has the same host.
func TestBadNeighbour(t *testing.T) {
	f := newFake(t)
	back := testkit.NewOrigin(t)
	var port int
	_, _ = fmt.Sscan(back.Port(), &port)
	f.put("good", 1, port)
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: "HeadgateDiscover docker unix:" + f.socket + "\n"})
	r := &rig{Server: s, t: t, client: httpClient(t)}
	up := func() bool { code, _ := r.ask("good.test", "/"); return code == http.StatusOK }
	testkit.Eventually(t, "it is served", up)
	bad := []string{"com.docker.compose.project", "evil", "headgate.host", "good.test", "headgate.path", "/evil", "headgate.conf", "Header bogus X-A b"}
	end := r.load("good.test", 1)
	f.put("evil", 2, port, bad...)
	testkit.Eventually(t, "the log says what is left out", func() bool { return strings.Contains(s.Logs(), "is left out: ") })
	testkit.Eventually(t, "it is listed", func() bool {
		text, _ := headgate(t, "discovered", s.Dir+"/httpd.conf")
		return strings.Contains(text, "do not compile")
	})
	r.none(end)
	text, _ := headgate(t, "discovered", s.Dir+"/httpd.conf")
	contains(t, text, "not used: many-2: it is left out, as its labels do not compile: ", "ServerName good.test")
	bad[len(bad)-1] = "Header set X-Evil no"
	f.put("evil", 2, port, bad...)
	testkit.Eventually(t, "once it is corrected it is served", func() bool {
		code, _ := r.ask("good.test", "/evil/")
		text, _ = headgate(t, "discovered", s.Dir+"/httpd.conf")
		return code == http.StatusOK && strings.Contains(text, "X-Evil")
	})
}

// Services come, grow and go while others are asked, on both engines: no request of
// those that stay fails, and the pages have what there is.
func TestComeAndGo(t *testing.T) {
	for _, engine := range []string{"epoll", "goroutine"} {
		t.Run(engine, func(t *testing.T) {
			f := newFake(t)
			back := testkit.NewOrigin(t)
			var port int
			_, _ = fmt.Sscan(back.Port(), &port)
			f.put("stays", 0, port, "headgate.health", "/alive interval=1s")
			s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: "HeadgateDiscover docker unix:" + f.socket + `
<Location "/info">
    SetHandler server-info
</Location>
<Location "/metrics">
    SetHandler headgate-metrics
</Location>
`})
			r := &rig{Server: s, t: t, client: httpClient(t)}
			pages := func(name string, want bool) {
				t.Helper()
				for _, path := range []string{"/info", "/metrics"} {
					if _, text := r.ask("localhost", path); strings.Contains(text, name) != want {
						t.Errorf("%s is on the page %s: %v", name, path, !want)
					}
				}
			}
			status := func(host string, want int) {
				t.Helper()
				testkit.Eventually(t, fmt.Sprint(host, " gets ", want), func() bool { code, _ := r.ask(host, "/"); return code == want })
			}
			status("stays.test", http.StatusOK)
			end := r.load("stays.test", 2)
			for n := 1; n <= 5; n++ {
				host := fmt.Sprint("guest", n)
				f.put(host, n, port)
				status(host+".test", http.StatusOK)
				pages(host, true)
				f.put("stays", 100+n, port)
				if n > 1 {
					gone := fmt.Sprint("guest", n-1)
					f.drop(n - 1)
					status(gone+".test", http.StatusForbidden)
					pages(gone, false)
					f.drop(100 + n - 1)
				}
			}
			r.none(end)
		})
	}
}
