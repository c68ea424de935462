package hostile

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// TestCutSparesWhatCameBefore: a client sends several requests and reads late. A response that is cut, or a connection
// that is closed while the client still sends, must not destroy the complete responses before.
func TestCutSparesWhatCameBefore(t *testing.T) {
	t.Parallel()
	const size = 300_000
	put := func(n int) string {
		return fmt.Sprintf("PUT /ok/ HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", n) + testkit.Pattern(n)
	}
	whole := get("/big/")
	g := newGround(t, "MaxKeepAliveRequests 3\n", []string{"big", "cut", "cutchunked", "cutlate", "ok", "early"})
	g.origins["big"].Default(testkit.MustAnswer(fmt.Sprintf("respond 200 -size %d", size)))
	g.origins["cut"].Default(testkit.MustAnswer("head 200 -h 'Content-Length: 10' ; write some ; close"))
	g.origins["cutchunked"].Default(testkit.MustAnswer("head 200 -h 'Transfer-Encoding: chunked' ; chunk some ; close"))
	g.origins["cutlate"].Default(testkit.MustAnswer("head 200 -h 'Content-Length: 10' ; write some ; wait never"))
	g.origins["early"].Default(testkit.MustAnswer("early ; respond 413 -h 'Connection: close' no ; close"))
	for _, tt := range []struct {
		name, send string
		whole      int // large responses that have to arrive completely
	}{
		{"cut, then a PUT", whole + get("/cut/") + put(1000), 1},
		{"cut, then a large PUT", whole + get("/cut/") + put(600_000), 1},
		{"two, cut, then a GET", whole + whole + get("/cut/") + get("/ok/"), 2},
		{"cut in chunks, then a PUT", whole + get("/cutchunked/") + put(100_000), 1},
		{"cut by the timeout, then a PUT", whole + get("/cutlate/") + put(1000), 1},
		{"HTTP/1.0, cut by the end, then a PUT", "GET /big/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" +
			"GET /cutchunked/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + put(1000), 1},
		{"malformed, then more", whole + "GET / HTTP/1.1\r\nHost : h\r\n\r\n" + put(400_000), 1},
		{"unfinished chunks, then more", whole + "PUT /ok/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + put(400_000), 1},
		{"says close, then more", whole + "GET /ok/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + put(400_000), 1},
		{"the last that is kept, then more", whole + whole + whole + whole + put(400_000), 4},
		{"answered early", whole + "PUT /early/ HTTP/1.1\r\nHost: h\r\nContent-Length: 600000\r\n\r\n" + testkit.Pattern(600_000), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testkit.Dial(t, g.s.Addr())
			defer c.Close()
			sent := make(chan struct{})
			go func() { // it may have to wait until responses are read
				defer close(sent)
				c.Send(tt.send)
			}()
			late := time.NewTimer(500 * time.Millisecond) // a client that is busy elsewhere
			defer late.Stop()
			<-late.C
			for i := range tt.whole {
				r, err := c.Read("GET")
				if err != nil || r.Status != 200 || !r.Complete || string(r.Body) != testkit.Pattern(size) {
					t.Fatalf("response %d is incomplete: %s, %v", i, brief(r), err)
				}
			}
			for {
				if _, err := c.Read("GET"); err != nil {
					break
				}
			}
			c.Close()
			<-sent
		})
	}
}

func brief(r *testkit.Response) string {
	if r == nil {
		return "none"
	}
	return fmt.Sprintf("%d with %d bytes", r.Status, len(r.Body))
}

// TestDrippingBackend: a head or a trailer section that arrives byte by byte must be complete within timeout=.
func TestDrippingBackend(t *testing.T) {
	t.Parallel()
	g := newGround(t, "", []string{"status", "fields", "interim", "trailer"})
	for name, row := range map[string]struct {
		first  string
		status int
		log    string
	}{
		"status":  {"", 504, "await-head: timeout"},
		"fields":  {"HTTP/1.1 200 OK\r\nX: ", 504, "read-head: timeout"},
		"interim": {"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nX: ", 504, "read-head: timeout"},
		"trailer": {chunked + "2\r\nhi\r\n0\r\nX: ", 200, "read-response: timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps := []string{"write", row.first, ";"}
			if row.first == "" {
				steps = nil
			}
			text := strings.Repeat("a", 40)
			if row.first == "" {
				text = "HTTP/1.1 200 " + text
			}
			for i, b := range text {
				steps = append(steps, "wait", fmt.Sprint(i), ";", "write", string(b), ";")
			}
			a, err := testkit.ParseAnswer(append(steps, "wait", "never"), nil)
			if err != nil {
				t.Fatal(err)
			}
			o := g.origins[name]
			o.Next(a)
			c := testkit.Dial(t, g.s.Addr())
			defer c.Close()
			c.Send(get("/" + name + "/"))
			ended := make(chan struct{})
			go func() {
				beat := time.NewTicker(200 * time.Millisecond) // a fifth of the timeout
				defer beat.Stop()
				for i := range text {
					select {
					case <-ended:
						return
					case <-beat.C:
						o.Release(fmt.Sprint(i))
					}
				}
			}()
			began := time.Now()
			r, err := c.Read("GET")
			close(ended)
			if took := time.Since(began); took > 6*time.Second {
				t.Errorf("it took %v, with timeout=1", took)
			}
			if status(r) != row.status || row.status == 200 && err == nil {
				t.Errorf("%s, %v; want %d", brief(r), err, row.status)
			}
			g.checkLog(t, o.Addr(), row.log)
		})
	}
}

// TestBackendAcceptsAndResets: whenever the system reports the reset, there is one status and one log line.
func TestBackendAcceptsAndResets(t *testing.T) {
	t.Parallel()
	addr := resetter(t)
	g := newGround(t, fmt.Sprintf("ProxyPass /r/ http://%s/%s\n", addr, patient), nil)
	const n = 60
	for i := range n {
		request := get("/r/")
		if i%2 == 1 {
			request = "POST /r/ HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello"
		}
		if r := ask(t, g.s, request); status(r) != 502 {
			t.Errorf("%d, want 502", status(r))
		}
	}
	testkit.Eventually(t, "a line for each", func() bool { return len(g.faultLines(addr)) == n })
	line := faultLine(addr, "await-head: reset")
	for _, l := range g.faultLines(addr) {
		if !line.MatchString(l) || strings.Contains(l, "unreachable") {
			t.Errorf("the line in the error log: %s", l)
		}
	}
}
