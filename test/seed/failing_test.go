package seed

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// long is how long members are killed, SEED_LONG: a minute instead of seconds.
func long(short time.Duration) time.Duration {
	if os.Getenv("SEED_LONG") != "" {
		return time.Minute
	}
	return short
}

// onEngines runs a test on each engine.
func onEngines(t *testing.T, f func(t *testing.T, engine string)) {
	for _, engine := range []string{"epoll", "goroutine"} {
		t.Run(engine, func(t *testing.T) { f(t, engine) })
	}
}

// judge checks what became of the requests: no GET failed; a POST failed only where bytes of it had been sent to a
// backend, which the error log says, and none was processed twice.
func judge(t *testing.T, s *testkit.Server, l *load, members ...*member) {
	t.Helper()
	begun := make(map[string]int)
	for _, m := range members {
		for _, id := range m.begun() {
			begun[id]++
		}
	}
	for id, n := range begun {
		if n > 1 {
			t.Errorf("the POST %s was processed %d times", id, n)
		}
	}
	log, lost := s.Logs(), 0
	for _, f := range l.failures {
		if f.method == "GET" {
			t.Errorf("GET %s failed: %s", f.id, f.what)
			continue
		}
		lost++
		if f.what != "502 Proxy Error" {
			t.Errorf("POST %s failed: %s", f.id, f.what)
		}
	}
	told := 0
	for _, line := range strings.Split(log, "\n") {
		switch {
		case !strings.Contains(line, "; answered 5"):
		case !strings.Contains(line, "not repeated, because the backend may have acted on it"):
			t.Errorf("a request failed for another reason: %s", line)
		default:
			told++
		}
	}
	if told != lost {
		t.Errorf("%d POSTs failed, and the log tells of %d", lost, told)
	}
	t.Logf("%d GETs, %d POSTs of which %d failed, the slowest request %v, by member %v", l.gets, l.posts, lost, l.slowest.Round(time.Millisecond), l.byName)
}

// TestKilled is the article's cluster under load, while each second another one of its three backends is killed and
// started again.
func TestKilled(t *testing.T) {
	onEngines(t, func(t *testing.T, engine string) {
		text := conf(t, "02-balancer.conf")
		members := []*member{startMember(t, "first"), startMember(t, "second"), startMember(t, "third")}
		for i, m := range members {
			text = strings.ReplaceAll(text, fmt.Sprintf("192.168.1.10%d:8080", i), m.addr)
		}
		s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: text})
		l, stop, done := newLoad(s, "myapp.com", "/"), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			l.run(16, stop)
		}()
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		killed := 0
		for end := time.Now().Add(long(6 * time.Second)); time.Now().Before(end); killed++ {
			<-tick.C
			m := members[killed%len(members)]
			m.kill()
			m.start()
		}
		close(stop)
		<-done
		judge(t, s, l, members...)
		t.Logf("%d backends were killed", killed)
		if l.gets < 20*killed {
			t.Errorf("only %d GETs", l.gets)
		}
	})
}

// sessions is the article's second cluster, whose members are checked, with intervals that suit a test.
func sessions(t *testing.T, members ...*member) string {
	text := conf(t, "08-health-and-sessions.conf")
	text = strings.NewReplacer(
		"server1:8080", members[0].addr, "server2:8080", members[1].addr,
		"ProxySet hcmethod=GET", "ProxySet hcmethod=GET hcinterval=500ms hctimeout=300ms timeout=2 failontimeout=On",
	).Replace(text)
	return text
}

// TestHung: a member that stops in the middle of its work is taken out, what it was sent goes to the other one where it
// may, and it is back when it goes on.
func TestHung(t *testing.T) {
	onEngines(t, func(t *testing.T, engine string) {
		first, second := startMember(t, "first"), startMember(t, "second")
		text := strings.Replace(sessions(t, first, second), first.addr+" status=+H", first.addr+" timeout=1", 1)
		s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: text})
		l, stop, done := newLoad(s, "localhost", "/healthy/"), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			l.run(8, stop)
		}()
		served := func(m *member) func() bool {
			l.mu.Lock()
			before := l.byName[m.name]
			l.mu.Unlock()
			return func() bool {
				l.mu.Lock()
				defer l.mu.Unlock()
				return l.byName[m.name] > before+20
			}
		}
		testkit.Eventually(t, "both serve", func() bool { return served(first) != nil && l.both() })
		first.signal(syscall.SIGSTOP)
		testkit.Eventually(t, "it is out", func() bool {
			return strings.Contains(s.Logs(), first.addr+" is in error") || strings.Contains(s.Logs(), "AH03302")
		})
		testkit.Eventually(t, "the other one serves", served(second))
		first.signal(syscall.SIGCONT)
		testkit.Eventually(t, "it serves again", served(first))
		close(stop)
		<-done
		for _, f := range l.failures {
			if f.method == "GET" || !strings.HasPrefix(f.what, "504 ") && !strings.HasPrefix(f.what, "502 ") {
				t.Errorf("%s %s failed: %s", f.method, f.id, f.what)
			}
		}
		t.Logf("%d GETs, %d POSTs of which %d failed, the slowest request %v", l.gets, l.posts, len(l.failures), l.slowest)
	})
}

// both says whether two members have served.
func (l *load) both() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.byName) >= 2
}

// TestRestart: all members are restarted at once while requests are held, and none fails that may be repeated.
func TestRestart(t *testing.T) {
	onEngines(t, func(t *testing.T, engine string) {
		text := conf(t, "02-balancer.conf")
		members := []*member{startMember(t, "first"), startMember(t, "second"), startMember(t, "third")}
		for i, m := range members {
			text = strings.ReplaceAll(text, fmt.Sprintf("192.168.1.10%d:8080", i), m.addr)
		}
		text = strings.Replace(text, "ProxySet lbmethod=byrequests", "ProxySet lbmethod=byrequests hold=20", 1)
		s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: text})
		l, stop, done := newLoad(s, "myapp.com", "/"), make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			l.run(16, stop)
		}()
		testkit.Eventually(t, "both serve", l.both)
		for _, m := range members {
			m.kill()
		}
		testkit.Eventually(t, "requests are held", func() bool { return strings.Contains(s.Logs(), "requests are held") })
		<-time.NewTimer(time.Second).C // the deployment takes its time
		for _, m := range members {
			m.start()
		}
		l.mu.Lock()
		before := l.gets
		l.mu.Unlock()
		testkit.Eventually(t, "requests are served again", func() bool {
			l.mu.Lock()
			defer l.mu.Unlock()
			return l.gets > before+100
		})
		close(stop)
		<-done
		judge(t, s, l, members...)
	})
}
