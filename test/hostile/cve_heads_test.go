package hostile

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestA05Nominated is CVE-2022-31813: a client that names our fields, or those that frame and address a message,
// in Connection does not remove them.
func TestA05Nominated(t *testing.T) {
	t.Parallel()
	s, o := start(t, "ProxyPreserveHost On")
	for _, nominated := range []string{
		"close, X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Server", "X-FORWARDED-FOR,x-forwarded-host,,X-Forwarded-Server",
		"host", "Host, content-length", "Content-Length, Transfer-Encoding", "Via, Connection, Keep-Alive", "host\r\nConnection: content-length, X-Forwarded-For",
	} {
		for _, body := range []string{"Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"} {
			o.Forget()
			r := ask(t, s, "POST / HTTP/1.1\r\nHost: www.test\r\nX-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Host: evil\r\nConnection: "+nominated+"\r\n"+body)
			got := o.Requests()
			if status(r) != 200 || len(got) != 1 {
				t.Errorf("%s: %d, the backend got%s", nominated, status(r), lines(got))
				continue
			}
			allStrict(t, o)
			q := &got[0]
			fwd := testkit.Lookup(q.Fields, "X-Forwarded-For")
			if len(fwd) == 0 || !strings.HasSuffix(fwd[len(fwd)-1], "127.0.0.1") {
				t.Errorf("%s: X-Forwarded-For %q", nominated, fwd)
			}
			for _, f := range []string{"X-Forwarded-Host", "X-Forwarded-Server"} {
				if v := testkit.Lookup(q.Fields, f); len(v) == 0 || !strings.HasSuffix(v[len(v)-1], "www.test") {
					t.Errorf("%s: %s %q", nominated, f, v)
				}
			}
			if string(q.Body) != "hello" || testkit.Lookup(q.Fields, "Host")[0] != "www.test" {
				t.Errorf("%s: body %q, Host %q", nominated, q.Body, testkit.Lookup(q.Fields, "Host"))
			}
		}
	}
}

// TestA05Authorization: access control sees a field that the client named in Connection, and decides as if it were not named.
func TestA05Authorization(t *testing.T) {
	t.Parallel()
	s, o := start(t, "SetEnvIf X-Role ^guest$ guest\n<Location />\n<RequireAll>\nRequire all granted\nRequire not env guest\n</RequireAll>\n</Location>\n")
	for _, fields := range []string{"X-Role: guest", "X-Role: guest\r\nConnection: x-role", "Connection: X-Role\r\nx-role: guest"} {
		if r := ask(t, s, get("/", fields)); status(r) != 403 {
			t.Errorf("%q: %d, want 403", fields, status(r))
		}
	}
	if n := len(o.Requests()); n != 0 {
		t.Errorf("the backend got %d requests", n)
	}
}

// TestA09Mutations sends requests with bytes changed, dropped and doubled: each gets a response or a close, the backend gets
// only requests that every reader reads alike, and the server goes on. The seed is fixed.
func TestA09Mutations(t *testing.T) {
	t.Parallel()
	s, o := start(t, "Timeout 2")
	rnd := rand.New(rand.NewPCG(1, 2))
	seeds := []string{
		"POST /a/../b%2e?q=1 HTTP/1.1\r\nHost: www.test\r\nTransfer-Encoding: chunked\r\nConnection: close, x\r\nX: y\r\n\r\n5;a=b\r\nhello\r\n0\r\nT: v\r\n\r\n",
		"PUT http://www.test:80/x HTTP/1.1\r\nHost: www.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\nCookie: a=b\r\n\r\nhello",
		"GET / HTTP/1.0\r\nHost: [::1]:80\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nReferer: \xff\r\n\r\n",
	}
	const alphabet = "\x00\r\n\t :,;%/?#@\x7f\xff0159azAZ\"\\"
	for n := range 600 {
		b := []byte(seeds[n%len(seeds)])
		for range 1 + rnd.IntN(3) {
			i := rnd.IntN(len(b))
			switch rnd.IntN(4) {
			case 0:
				b[i] = alphabet[rnd.IntN(len(alphabet))]
			case 1:
				b = slices.Delete(b, i, i+1)
			case 2:
				b = slices.Insert(b, i, alphabet[rnd.IntN(len(alphabet))])
			case 3:
				to := min(len(b), i+1+rnd.IntN(20))
				b = slices.Insert(b, to, slices.Clone(b[i:to])...)
			}
		}
		c := testkit.Dial(t, s.Addr())
		c.Send(string(b))
		c.CloseWrite()
		if got, err := c.Raw(); err != nil || len(got) > 0 && !strings.HasPrefix(string(got), "HTTP/1.1 ") {
			t.Errorf("%q: response %.80q, %v", b, got, err)
		}
		c.Close()
	}
	for _, r := range o.Requests() {
		if err := strict(&r); err != nil {
			t.Errorf("the backend got %q: %v", r.Raw, err)
		}
	}
	if r := ask(t, s, get("/")); status(r) != 200 || s.Exited() {
		t.Errorf("afterwards: %d", status(r))
	}
	if strings.Contains(s.Logs(), "panic") {
		t.Error("the log has a panic")
	}
}

// TestA10Upgrade is CVE-2019-17567, E03 and G07: no tunnel without a requested 101; bytes that the client sent ahead
// are a separate request or are dropped.
func TestA10Upgrade(t *testing.T) {
	t.Parallel()
	s, o := start(t, "")
	for _, row := range []struct {
		ask, answer string
		status      int
	}{
		{"Connection: Upgrade\r\nUpgrade: websocket", "respond 200 ok", 200},
		{"Connection: Upgrade\r\nUpgrade: websocket", "head 101 -h 'Upgrade: h2c' -h 'Connection: Upgrade' ; write leak", 502},
		{"Connection: Upgrade\r\nUpgrade: websocket", "head 101 -h 'Upgrade: websocket' -h 'Connection: Upgrade' ; write leak", 502},
		{"Connection: Upgrade\r\nUpgrade: websocket", "head 100 ; head 101 ; write leak", 502},
		{"Connection: Upgrade\r\nUpgrade: websocket", "head 426 -h 'Upgrade: websocket' -h 'Connection: Upgrade' -h 'Content-Length: 0'", 426},
		{"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA", "respond 200 ok", 200},
		{"Upgrade: websocket", "head 101 -h 'Upgrade: websocket' ; write leak", 502},
		{"X: y", "head 101 ; write leak", 502},
	} {
		o.Forget()
		o.Next(testkit.MustAnswer(row.answer))
		o.At("/marker", testkit.MustAnswer("respond 200 marker"))
		c := testkit.Dial(t, s.Addr())
		c.Send(get("/ws", row.ask) + marker)
		r, err := c.Read("GET")
		if err != nil || r.Status != row.status || strings.Contains(string(r.Body), "leak") {
			t.Errorf("%q, backend %q: %+v, %v; want %d", row.ask, row.answer, r, err, row.status)
			continue
		}
		if r.Header("Connection") != "close" {
			if r, err = c.Read("GET"); err != nil || string(r.Body) != "marker" {
				t.Errorf("%q, backend %q: the next request: %+v, %v", row.ask, row.answer, r, err)
			}
		}
		c.Close()
		for _, q := range o.Requests() {
			if err := strict(&q); err != nil || len(testkit.Lookup(q.Fields, "Upgrade"))+len(testkit.Lookup(q.Fields, "HTTP2-Settings")) > 0 {
				t.Errorf("%q: the backend got %q, %v", row.ask, q.Raw, err)
			}
		}
	}
}

// TestA11BodyAfterError is CVE-2022-22720: the rest of a body after an early response is never taken for a request.
func TestA11BodyAfterError(t *testing.T) {
	t.Parallel()
	s, o := start(t, `
ProxyPass /nowhere !
<Location /denied>
	Require all denied
</Location>
<Location /small>
	LimitRequestBody 10
</Location>
`)
	o.At("/early401", testkit.MustAnswer("early ; respond 401 no"))
	o.At("/early413", testkit.MustAnswer("early ; respond 413 -h 'Connection: close' no ; close"))
	o.At("/early404", testkit.MustAnswer("early ; respond 404 no"))
	o.At("/after", testkit.MustAnswer("respond 200 after"))
	for target, want := range map[string]int{"/nowhere": 404, "/denied": 403, "/small": 413, "/early401": 401, "/early413": 413, "/early404": 404} {
		for _, size := range []int{100, 1000, 1 << 20} {
			body := "x\r\n\r\n" + marker + strings.Repeat(marker, size/len(marker))
			body = body[:size]
			c := testkit.Dial(t, s.Addr())
			c.Send(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", target, size) + body + "GET /after HTTP/1.1\r\nHost: h\r\n\r\n")
			r, err := c.Read("POST")
			if err != nil || r.Status != want {
				t.Errorf("%s, %d bytes: %+v, %v; want %d", target, size, r, err, want)
			} else if r2, err := c.Read("GET"); err == nil && string(r2.Body) != "after" {
				t.Errorf("%s, %d bytes: then %d %q", target, size, r2.Status, r2.Body)
			} else if err == nil && r.Header("Connection") == "close" {
				t.Errorf("%s, %d bytes: goes on after Connection: close", target, size)
			}
			c.Close()
		}
	}
	for _, q := range o.Requests() {
		if strings.Contains(q.Line, "marker") {
			t.Errorf("the backend got %s", q.Line)
		}
	}
}

// TestG01Connect is CVE-2026-56866: CONNECT through a reverse proxy is refused, without a connection to the backend.
func TestG01Connect(t *testing.T) {
	t.Parallel()
	s, o := start(t, "")
	before, _ := o.Conns()
	for _, text := range []string{
		"CONNECT www.test:80 HTTP/1.1\r\nHost: www.test\r\n\r\n", "CONNECT www.test:80 HTTP/1.1\r\nHost: www.test\r\nContent-Length: 40\r\n\r\n",
		"CONNECT www.test:80 HTTP/1.1\r\nHost: www.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "CONNECT / HTTP/1.1\r\nHost: www.test\r\n\r\n",
		"CONNECT " + o.Addr() + " HTTP/1.1\r\nHost: " + o.Addr() + "\r\n\r\n", "CONNECT http://www.test/ HTTP/1.1\r\nHost: www.test\r\n\r\n",
	} {
		c := testkit.Dial(t, s.Addr())
		c.Send(text + marker)
		r, err := c.Read("GET") // a body is delimited by its framing
		if err != nil || r.Status != 405 && r.Status != 400 || !c.Closed() {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
		c.Close()
	}
	if after, _ := o.Conns(); after != before || len(o.Requests()) > 0 {
		t.Errorf("the backend was called: %s", lines(o.Requests()))
	}
}

// TestG04ExpectRaces: however a backend responds to Expect, requests and responses in the pool still match.
func TestG04ExpectRaces(t *testing.T) {
	t.Parallel()
	s, o := start(t, "Timeout 3")
	for _, answer := range []string{
		"early ; respond 200 now", "early ; respond 417 no", "early ; head 100 ; readbody ; respond 200 now", "early ; head 100 ; respond 200 now",
		"early ; respond 417 -h 'Connection: close' no ; close", "early ; close", "respond 200 now", "early ; head 100 ; close",
	} {
		for _, withBody := range []bool{true, false} {
			o.Next(testkit.MustAnswer(answer))
			c := testkit.Dial(t, s.Addr())
			text := "POST /expect HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
			if withBody {
				text += "hello"
			}
			c.Send(text)
			if !withBody && (answer == "respond 200 now" || strings.Contains(answer, "readbody")) {
				c.Send("hello")
			}
			if r, err := c.Read("POST"); err != nil || r.Status != 200 && r.Status != 417 && r.Status != 502 {
				t.Errorf("%s: %+v, %v", answer, r, err)
			}
			c.Close()
			for range 3 {
				if r := ask(t, s, get("/next")); status(r) != 200 || string(r.Body) != "ok" {
					t.Errorf("after %s: %+v", answer, r)
				}
			}
		}
	}
	for _, q := range o.Requests() {
		if !strings.HasPrefix(q.Line, "POST /expect ") && q.Line != "GET /next HTTP/1.1" {
			t.Errorf("the backend got %q", q.Line)
		}
	}
}

// TestG05Sizes: a megabyte of anything in a head is refused by its size, at little cost.
func TestG05Sizes(t *testing.T) {
	t.Parallel()
	s, o := start(t, "")
	const mb = 1 << 20
	many := func(line string) string { return strings.Repeat(line, mb/len(line)) }
	for name, row := range map[string]struct {
		text string
		want []int
	}{
		"names":       {"GET / HTTP/1.1\r\nHost: h\r\n" + many("X-Header-Name: a\r\n") + "\r\n", []int{431}},
		"cookies":     {"GET / HTTP/1.1\r\nHost: h\r\n" + many("Cookie: a=b; c=d\r\n") + "\r\n", []int{431}},
		"cookie":      {"GET / HTTP/1.1\r\nHost: h\r\nCookie: " + many("a=b; ") + "\r\n\r\n", []int{431}},
		"query":       {"GET /?" + many("a=b&") + " HTTP/1.1\r\nHost: h\r\n\r\n", []int{414}},
		"segments":    {"GET " + many("/..") + " HTTP/1.1\r\nHost: h\r\n\r\n", []int{414}},
		"8k-segments": {"GET " + strings.Repeat("/..", 2700) + " HTTP/1.1\r\nHost: h\r\n\r\n", []int{200, 400}},
		"8k-dots":     {"GET " + strings.Repeat("/a/..", 1600) + " HTTP/1.1\r\nHost: h\r\n\r\n", []int{200}},
		"connection":  {"GET / HTTP/1.1\r\nHost: h\r\nConnection: " + strings.Repeat("a,", 4000) + "\r\n\r\n", []int{400}},
		"hosts":       {"GET / HTTP/1.1\r\n" + many("Host: h\r\n") + "\r\n", []int{400, 431}},
		"70k-field":   {"GET / HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("a", 70000) + "\r\n\r\n", []int{431}},
		"2000-fields": {"GET / HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("X: a\r\n", 2000) + "\r\n", []int{431}},
		"70k-uri":     {"GET /" + strings.Repeat("a", 70000) + " HTTP/1.1\r\nHost: h\r\n\r\n", []int{414}},
		"300-cookies": {"GET / HTTP/1.1\r\nHost: h\r\n" + strings.Repeat("Cookie: a\r\n", 300) + "\r\n", []int{431}},
		"two-hosts":   {"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", []int{400}},
	} {
		o.Forget()
		if r := ask(t, s, row.text); !slices.Contains(row.want, status(r)) {
			t.Errorf("%s: %d, want one of %d", name, status(r), row.want)
		}
		if n := len(o.Requests()); !slices.Contains(row.want, 200) && n > 0 {
			t.Errorf("%s: the backend got %d requests", name, n)
		}
	}
}

// TestH03NameLengths is CVE-2021-40346: a long name is passed on unchanged, or refused.
func TestH03NameLengths(t *testing.T) {
	t.Parallel()
	s, o := start(t, "")
	for _, n := range []int{254, 255, 256, 257, 270, 511, 512, 1023, 4095, 8186, 8187, 8188, 8190, 8192, 16384, 65534, 65535, 65536, 65791, 70000} {
		o.Forget()
		name := strings.Repeat("a", n)
		r := ask(t, s, get("/", name+": v", "Content-Length: 0"))
		got := o.Requests()
		switch {
		case status(r) == 431 && len(got) == 0 && n+3 > 8191:
		case status(r) != 200 || len(got) != 1 || n+3 > 8191:
			t.Errorf("%d bytes: %d, the backend got%s", n, status(r), lines(got))
		case !slices.Equal(testkit.Lookup(got[0].Fields, name), []string{"v"}):
			t.Errorf("%d bytes: not passed on", n)
		}
	}
}

// TestE02AllValues: a rule about a field sees all its lines, and bytes beyond ASCII.
func TestE02AllValues(t *testing.T) {
	t.Parallel()
	s, o := start(t, `
SetEnvIf X-Bad evil bad
SetEnvIf Cookie "session=stolen" bad
<Location />
	<RequireAll>
		Require all granted
		Require not env bad
	</RequireAll>
</Location>
`)
	for _, fields := range []string{
		"X-Bad: evil", "X-Bad: good\r\nX-Bad: evil", "X-Bad: evil\r\nX-Bad: good", "X-Bad: a\r\nx-bad: b\r\nX-BAD: evil", "X-Bad: \x80\xff evil",
		"X-Bad: \xff\r\nX-Bad: evil\xff", "Cookie: a=b\r\nCookie: session=stolen", "Cookie: session=stolen\r\nCookie: a=b", "X-Bad:\r\nX-Bad: evil",
	} {
		if r := ask(t, s, get("/", fields)); status(r) != 403 {
			t.Errorf("%q: %d, want 403", fields, status(r))
		}
	}
	if n := len(o.Requests()); n > 0 {
		t.Errorf("the backend got %d requests", n)
	}
}
