package hostile

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// ground is one server in front of one origin for each row, so that the rows can run at the same time: the lines
// of the log name the worker.
type ground struct {
	s       *testkit.Server
	origins map[string]*testkit.Origin
}

const patient = " timeout=1 connectiontimeout=1 retry=0"

func newGround(t *testing.T, conf string, names []string) *ground {
	t.Helper()
	g := &ground{origins: map[string]*testkit.Origin{}}
	for _, n := range names {
		g.origins[n] = testkit.NewOrigin(t)
		conf += fmt.Sprintf("ProxyPass /%s/ http://%s/%s\n", n, g.origins[n].Addr(), patient)
	}
	g.s = testkit.StartHeadgate(t, "", testkit.Site{Conf: "Timeout 5\nLogLevel info\n" + conf})
	return g
}

// faultLines returns the lines of the error log about a worker, without those of its start.
func (g *ground) faultLines(addr string) (ls []string) {
	for l := range strings.Lines(g.s.File("error.log")) {
		// The last line may be read while it is being written, at the end of a page.
		l, whole := strings.CutSuffix(l, "\n")
		if whole && strings.Contains(l, "worker http://"+addr+"/") {
			ls = append(ls, l)
		}
	}
	return ls
}

// faultLine matches the line of a fault: client, worker and its address, side, phase, kind and time, the status that
// the client got, the cause with what is known of the attempt, and the id to find it by.
func faultLine(addr, log string) *regexp.Regexp {
	a := regexp.QuoteMeta(addr)
	return regexp.MustCompile(`:error\] \[pid \d+:tid \d+\] \[client 127\.0\.0\.1:\d+\] (AH\d+: )?worker http://` + a + `/ \(` + a +
		`\): backend ` + log + `\S* after [0-9.]+ms.*; (answered|response cut after) \d\d\d; cause=[-\w]+( [-\w]+=("[^"]*"|\S+))* \(\S+ \S+, www\.test, ProxyPass \S+ at \S+, id \S+\)$`)
}

// checkLog requires exactly one line; none if log is "".
func (g *ground) checkLog(t *testing.T, addr, log string) {
	t.Helper()
	if log != "" && !testkit.Poll(testkit.Patience, func() bool { return len(g.faultLines(addr)) > 0 }) {
		t.Errorf("no line in the error log, want %s", log)
		return
	}
	ls := g.faultLines(addr)
	if log == "" && len(ls) > 0 || log != "" && len(ls) != 1 {
		t.Errorf("%d lines in the error log:\n%s", len(ls), strings.Join(ls, "\n"))
	} else if log != "" && !faultLine(addr, log).MatchString(ls[0]) {
		t.Errorf("the line in the error log is not %q:\n%s", log, ls[0])
	}
}

// TestFaults plays the fault matrix, each response in one piece and byte by byte.
func TestFaults(t *testing.T) {
	segmented(t, func(t *testing.T, oneByOne bool) {
		var names []string
		for _, f := range faults {
			names = append(names, f.name)
		}
		playFaults(t, newGround(t, "", names), faults, oneByOne)
	})
}

// TestBadHeader plays the rows of ProxyBadHeader.
func TestBadHeader(t *testing.T) {
	for policy, rows := range badHeaders {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			var names []string
			for _, f := range rows {
				names = append(names, f.name)
			}
			playFaults(t, newGround(t, "ProxyBadHeader "+policy+"\n", names), rows, false)
		})
	}
}

func playFaults(t *testing.T, g *ground, rows []fault, oneByOne bool) {
	for _, f := range rows {
		if oneByOne && (f.whole || f.then == "rst") {
			continue // a reset discards the bytes that wait to be sent
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			g.play(t, &f, oneByOne)
		})
	}
}

// play requests the faulty response, then sends a request on the same connection, then on two others.
func (g *ground) play(t *testing.T, f *fault, oneByOne bool) {
	o := g.origins[f.name]
	o.Next(f.answer(t, oneByOne))
	method := "GET"
	if f.method != "" {
		method = f.method
	}
	c := testkit.Dial(t, g.s.Addr())
	defer c.Close()
	c.Send(method + " /" + f.name + "/a HTTP/1.1\r\nHost: h\r\n\r\n")
	r, err := c.Read(method)
	if f.slow && oneByOne && r != nil && r.Status == 200 { // the head was sent before the rest arrived
		f = &fault{name: f.name, status: 200, body: string(r.Body), cut: true, log: f.log, fresh: true, close: true}
	}
	f.check(t, r, err)
	if f.overlong {
		testkit.Eventually(t, "a line says that the trailer fields were left out", func() bool {
			ls := g.faultLines(o.Addr())
			return len(ls) == 1 && strings.Contains(ls[0], "trailer fields")
		})
	} else {
		g.checkLog(t, o.Addr(), f.log)
	}
	if f.behind && oneByOne {
		testkit.Eventually(t, "the connection with surplus bytes is dropped before the next request", func() bool {
			_, ended := o.Conns()
			return ended == 1
		})
	}
	if f.close {
		if !c.Closed() {
			t.Error("the connection goes on")
		}
	} else {
		c.Send(get("/" + f.name + "/b"))
		r, err := c.Read("GET")
		sound(t, "the same client's next request", r, err)
	}
	for range 2 {
		sound(t, "another client's request", ask(t, g.s, get("/"+f.name+"/c")), nil)
	}
	got := o.Requests()
	if f.fresh && !f.late && len(got) > 1 && got[1].Conn == got[0].Conn {
		t.Error("the connection to the backend was used again")
	}
	want := 4
	if f.close {
		want = 3
	}
	if len(got) != want && !(f.late && len(got) == want+1) {
		t.Errorf("the backend got %d requests, want %d:%s", len(got), want, lines(got))
	}
	if !f.overlong {
		g.checkLog(t, o.Addr(), f.log)
	}
	if f.fresh {
		testkit.Eventually(t, "the connection to the backend is closed", func() bool {
			accepted, ended := o.Conns()
			return accepted >= 2 && (ended >= 1 || strings.Contains(f.then, "close") || strings.Contains(f.then, "rst"))
		})
	}
}

// check compares the client's view of the faulty response.
func (f *fault) check(t *testing.T, r *testkit.Response, err error) {
	t.Helper()
	switch {
	case r == nil:
		t.Errorf("no response: %v", err)
	case r.Status != f.status:
		t.Errorf("%d %q, want %d", r.Status, r.Body, f.status)
	case f.cut && (r.Complete || err == nil):
		t.Errorf("a cut response looks complete: %+v", r)
	case !f.cut && !r.Complete:
		t.Errorf("not a complete response: %+v, %v", r, err)
	case f.status == 200 && string(r.Body) != f.body:
		t.Errorf("body %q, want %q", r.Body, f.body)
	case leaks(r):
		t.Errorf("bytes of a refused response were passed on: %+v", r)
	}
}

func sound(t *testing.T, what string, r *testkit.Response, err error) {
	t.Helper()
	if err != nil || r == nil || r.Status != 200 || string(r.Body) != "ok" {
		t.Errorf("%s: %+v, %v", what, r, err)
	}
}

// TestConnectFaults: a port where nobody listens, and a handshake without a reply.
func TestConnectFaults(t *testing.T) {
	t.Parallel()
	refused := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	hole := blackHole(t)
	g := newGround(t, fmt.Sprintf("ProxyPass /refused/ http://%s/%s\nProxyPass /hole/ http://%s/%s\n", refused, patient, hole, patient), nil)
	for _, row := range []struct{ path, addr, log string }{{"/refused/", refused, "connect: refused"}, {"/hole/", hole, "connect: timeout"}} {
		c := testkit.Dial(t, g.s.Addr())
		c.Send(get(row.path))
		r, err := c.Read("GET")
		if err != nil || r.Status != 503 {
			t.Errorf("%s: %+v, %v", row.path, r, err)
		}
		g.checkLog(t, row.addr, row.log)
		if !c.Closed() { // httpd: a 503 ends the connection
			t.Errorf("%s: the connection goes on", row.path)
		}
	}
}

// TestRetryAfter: a 503 has a Retry-After (docs/differences.md, retry-after).
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	g := newGround(t, fmt.Sprintf("ProxyPass / http://127.0.0.1:%d/%s\n", testkit.FreePort(t), patient), nil)
	if r := ask(t, g.s, get("/")); status(r) != 503 || r.Header("Retry-After") != "1" {
		t.Errorf("%d, Retry-After %q, want 503 and 1", status(r), r.Header("Retry-After"))
	}
}

// TestSlowBody: a body whose pieces arrive in time may take longer in total than the timeout. Each piece is sent as it arrives.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	g := newGround(t, "", []string{"length", "chunked", "close"})
	for name, row := range map[string]struct{ head, piece, last string }{
		"length":  {"head 200 -h 'Content-Length: 15'", "write hello", ""},
		"chunked": {"head 200 -h 'Transfer-Encoding: chunked'", "chunk hello", " ; last"},
		"close":   {"head 200", "write hello", " ; close"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := g.origins[name]
			o.Next(testkit.MustAnswer(row.head + " ; wait 0 ; " + row.piece + " ; wait 1 ; " + row.piece + " ; wait 2 ; " + row.piece + row.last))
			c := testkit.Dial(t, g.s.Addr())
			c.Send(get("/" + name + "/"))
			r, err := c.ReadHead("GET")
			if err != nil {
				t.Fatalf("the head waits for the body: %v", err)
			}
			beat := time.NewTicker(500 * time.Millisecond) // half of the timeout, three times: longer than it
			defer beat.Stop()
			for i := range 3 {
				<-beat.C
				o.Release(fmt.Sprint(i))
				if err := c.ReadUntil(r, strings.Repeat("hello", i+1)); err != nil {
					t.Fatalf("piece %d: %q, %v", i, r.Body, err)
				}
			}
			if err := c.ReadBody(r); err != nil || !r.Complete || string(r.Body) != "hellohellohello" {
				t.Errorf("%+v, %v", r, err)
			}
			g.checkLog(t, o.Addr(), "")
		})
	}
}

// TestStaleConnection: the backend closes a pooled connection, noticed before or only with the next request.
func TestStaleConnection(t *testing.T) {
	t.Parallel()
	g := newGround(t, "", []string{"seen", "seen-post", "race", "race-post", "race-rst"})
	for _, row := range []struct {
		name, request, then string
		status, seen        int
		log                 string
	}{
		{"seen", get("/seen/"), "", 200, 2, ""},
		{"seen-post", "POST /seen-post/ HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "", 200, 2, ""},
		{"race", get("/race/"), "close", 200, 3, ""},
		{"race-rst", get("/race-rst/"), "rst", 200, 3, ""},
		{"race-post", "POST /race-post/ HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", "close", 502, 2, "await-head: closed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := g.origins[row.name]
			c := testkit.Dial(t, g.s.Addr()) // a connection belongs to one loop, so both requests use the same pool
			c.Send(get("/" + row.name + "/"))
			r, err := c.Read("GET")
			sound(t, "the first request", r, err)
			if row.then == "" {
				o.HangUp()
			} else {
				o.Next(testkit.MustAnswer(row.then))
			}
			c.Send(row.request)
			if r, err = c.Read("POST"); err != nil || r.Status != row.status {
				t.Errorf("%+v, %v; want %d", r, err, row.status)
			}
			if got := o.Requests(); len(got) != row.seen {
				t.Errorf("the backend got %d requests, want %d:%s", len(got), row.seen, lines(got))
			}
			g.checkLog(t, o.Addr(), row.log)
			sound(t, "another client's request", ask(t, g.s, get("/"+row.name+"/")), nil)
		})
	}
}

// TestEarlyAnswer: the backend refuses an upload before it has read it, and the client goes on sending.
func TestEarlyAnswer(t *testing.T) {
	t.Parallel()
	g := newGround(t, "", []string{"closes", "keeps", "chunked"})
	const size = 4 << 20
	for _, row := range []struct{ name, answer, framing string }{
		{"closes", "early ; respond 413 -h 'Connection: close' no ; close", fmt.Sprintf("Content-Length: %d\r\n\r\n", size)},
		{"keeps", "early ; respond 413 no ; wait never", fmt.Sprintf("Content-Length: %d\r\n\r\n", size)},
		{"chunked", "early ; respond 413 -h 'Connection: close' no ; close", fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", size)},
	} {
		t.Run(row.name, func(t *testing.T) {
			o := g.origins[row.name]
			o.Next(testkit.MustAnswer(row.answer))
			c := testkit.Dial(t, g.s.Addr())
			c.Send("PUT /" + row.name + "/ HTTP/1.1\r\nHost: h\r\n" + row.framing)
			c.Send(testkit.Pattern(size))
			r, err := c.Read("PUT")
			if err != nil || r.Status != 413 || string(r.Body) != "no" {
				t.Errorf("%+v, %v", r, err)
			}
			c.Close()
			sound(t, "another client's request", ask(t, g.s, get("/"+row.name+"/")), nil)
			g.checkLog(t, o.Addr(), "")
			if got := o.Requests(); len(got) != 2 || got[0].Conn == got[1].Conn {
				t.Errorf("the backend got%s", lines(got))
			}
		})
	}
}

// TestClientLeaves: a client that closes within its upload or download ends the backend's request, and the backend
// is not blamed.
func TestClientLeaves(t *testing.T) {
	t.Parallel()
	g := newGround(t, "", []string{"upload", "download"})
	for name, row := range map[string]struct{ answer, request string }{
		"upload":   {"respond 200 ok", "PUT /upload/ HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhello"},
		"download": {"head 200 -h 'Transfer-Encoding: chunked' ; chunk hello ; wait gone ; chunk more ; chunk more ; wait never", get("/download/")},
	} {
		t.Run(name, func(t *testing.T) {
			o := g.origins[name]
			o.Next(testkit.MustAnswer(row.answer))
			c := testkit.Dial(t, g.s.Addr())
			c.Send(row.request)
			testkit.Eventually(t, "the backend has the request", func() bool { return len(o.Requests()) > 0 })
			if name == "download" {
				r, err := c.ReadHead("GET")
				if err != nil || r.Status != 200 {
					t.Errorf("%+v, %v", r, err)
				}
			}
			c.Abort()
			o.Release("gone")
			testkit.Eventually(t, "the backend's connection is closed", func() bool { _, ended := o.Conns(); return ended == 1 })
			if o.Requests()[0].Complete && name == "upload" {
				t.Error("a cut upload looks whole to the backend")
			}
			sound(t, "another client's request", ask(t, g.s, get("/"+name+"/")), nil)
			for _, l := range g.faultLines(o.Addr()) {
				if strings.Contains(l, "backend ") {
					t.Errorf("the backend is blamed: %s", l)
				}
			}
		})
	}
}
