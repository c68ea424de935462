package engine

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// played is one conversation: the bytes of both sides, and settings of the rig.
type played struct {
	name    string
	send    string
	methods string
	answers map[string]string // by target
	expect  bool              // Expect is forwarded
	spliced bool              // bodies are spliced where the net can
}

// large is a body that is spliced if splicing is possible.
var large = testkit.Pattern(100_000)

var largeLength = "Content-Length: 100000\r\n"

var conversations = []played{
	{name: "get", send: "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", methods: "GET", answers: map[string]string{
		"/a": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello"}},
	{name: "head", send: "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n", methods: "HEAD", answers: map[string]string{
		"/a": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"}},
	{name: "bodiless", send: "GET /204 HTTP/1.1\r\nHost: x\r\n\r\nGET /304 HTTP/1.1\r\nHost: x\r\n\r\n", methods: "GET GET",
		answers: map[string]string{
			"/204": "HTTP/1.1 204 No Content\r\n\r\n",
			"/304": "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: \"x\"\r\n\r\n"}},
	{name: "chunked response with trailer", methods: "GET",
		send: "GET /a HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE\r\n\r\n",
		answers: map[string]string{"/a": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n" +
			"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nX-T: v\r\n\r\n"}},
	{name: "post", send: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\nhello world", methods: "POST",
		answers: map[string]string{"/a": "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok"}},
	{name: "chunked upload with trailer", methods: "POST",
		send: "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;e=\"q\"\r\n world\r\n0\r\nX-T: u\r\n\r\n",
		answers: map[string]string{
			"/a": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}},
	{name: "pipelined", methods: "GET POST GET",
		send: "GET /a HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" +
			"GET /c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
		answers: map[string]string{
			"/a": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
			"/b": "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nb\r\n0\r\n\r\n",
			"/c": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nc"}},
	{name: "http/1.0 client", send: "GET /a HTTP/1.0\r\n\r\n", methods: "GET", answers: map[string]string{
		"/a": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"}},
	{name: "http/1.0 backend", send: "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", methods: "GET", answers: map[string]string{
		"/a": "HTTP/1.0 200 OK\r\n\r\nhello" + closeAfter}},
	{name: "expect forwarded", expect: true, methods: "POST",
		send:    "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
		answers: map[string]string{"/a": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}},
	{name: "expect answered here", methods: "POST",
		send:    "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
		answers: map[string]string{"/a": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}},
	{name: "early hints", send: "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", methods: "GET", answers: map[string]string{
		"/a": "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}},
	{name: "large response", spliced: true, send: "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n",
		methods: "GET GET", answers: map[string]string{
			"/a": "HTTP/1.1 200 OK\r\n" + largeLength + "\r\n" + large,
			"/b": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"}},
	{name: "large upload", spliced: true, methods: "POST GET",
		send: "POST /a HTTP/1.1\r\nHost: x\r\n" + largeLength + "\r\n" + large + "GET /b HTTP/1.1\r\nHost: x\r\n\r\n",
		answers: map[string]string{
			"/a": "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\nok",
			"/b": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb"}},
	{name: "large upload, expect forwarded", spliced: true, expect: true, methods: "POST",
		send:    "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n" + largeLength + "\r\n" + large,
		answers: map[string]string{"/a": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"}},
	{name: "large both ways", spliced: true, methods: "PUT", send: "PUT /a HTTP/1.1\r\nHost: x\r\n" + largeLength + "\r\n" + large,
		answers: map[string]string{"/a": "HTTP/1.1 200 OK\r\n" + largeLength + "\r\n" + large}},
}

// places returns the offsets to cut n bytes at: all of them, or a selection if much is
// moved, which includes those around the buffers' sizes.
func (p *played) places(n int) (at []int) {
	step := 1
	switch {
	case n > 4000:
		step = 9973
	case p.spliced:
		step = 11
	}
	for i := 0; i < n; i += step {
		at = append(at, i)
	}
	if n > 4000 {
		at = append(at, 16<<10, 64<<10, n-1)
	}
	return at
}

// how is the segmentation of a conversation. clientCut and backendCut cut the bytes of
// each side in two; 0 sends them in one piece.
type how struct {
	clientCut, backendCut, piece int
	splice                       bool
}

// run plays a conversation.
func (p *played) run(t *testing.T, h how) (out, in string) {
	clientCut, backendCut := h.clientCut, h.backendCut
	b := new(backend)
	r := newRig(1, func(r *rig) {
		r.net.Piece, r.net.Splice = h.piece, h.splice
		r.out = func(x *exchange.Exchange) { x.Out.Expect = x.Req.Expect && p.expect }
		r.net.Backend = func(_ int, c *fakenet.End) {
			b.play(c, func(q *http.Request) string { return p.answers[q.RequestURI] }, func(c *fakenet.End, s string) {
				if backendCut > 0 && backendCut < len(s) {
					plainWrite(c, s[:backendCut])
					synctest.Wait()
					s = s[backendCut:]
				}
				plainWrite(c, s)
			})
		}
	})
	c := r.net.Connect(0, r.front)
	go func() {
		if clientCut > 0 {
			plainWrite(c, p.send[:clientCut])
			fakenet.Pass(time.Millisecond) // until all others wait
		}
		plainWrite(c, p.send[clientCut:])
	}()
	rs, rest, err := replies(c, strings.Fields(p.methods)...)
	if err != nil || len(rest) > 0 {
		t.Errorf("%v, %q after the responses", err, rest)
	}
	for _, a := range rs {
		out += a.text + "\n---\n"
	}
	_ = c.Close()
	r.end(t)
	for _, l := range r.logged() {
		out += fmt.Sprintf("logged %d trailer %q, %d body bytes\n", l.status, l.trailer, l.body)
		if p.spliced {
			out += fmt.Sprintf("%+v\n", l.count) // with chunks it depends on the segmentation
		}
	}
	if got := r.net.Spliced() > 0; got != (p.spliced && h.splice) {
		t.Errorf("%d bytes were spliced", r.net.Spliced())
	}
	return out, strings.Join(b.seen(), "\n---\n")
}

// In whatever pieces the bytes arrive, both sides see the same exchange.
func TestSegmentation(t *testing.T) {
	for _, p := range conversations {
		t.Run(p.name, func(t *testing.T) {
			var out, in string
			bubble(t, func(t *testing.T) { out, in = p.run(t, how{}) })
			t.Logf("client saw:\n%s\nbackend saw:\n%s", brief(out), brief(in))
			again := func(h how) {
				for _, h.splice = range p.splices() {
					if t.Failed() {
						return
					}
					bubble(t, func(t *testing.T) {
						if o, i := p.run(t, h); o != out || i != in {
							t.Errorf("%+v: client saw\n%s\nbackend saw\n%s", h, brief(o), brief(i))
						}
					})
				}
			}
			again(how{})
			for _, n := range p.pieces() {
				again(how{piece: n})
			}
			for _, i := range p.places(len(p.send)) {
				again(how{clientCut: i})
			}
			for _, a := range p.answers {
				for _, i := range p.places(len(a)) {
					again(how{backendCut: i})
				}
			}
		})
	}
}

// pieces returns the sizes of pieces to try.
func (p *played) pieces() []int {
	if p.spliced {
		return []int{97, 10_000}
	}
	return []int{1, 7}
}

// brief removes the middle of a large body.
func brief(s string) string { return strings.ReplaceAll(s, large, "(large)") }

// fullAnswers are the bodies of 200 responses; anything else must not look complete.
func (p *played) whole(text string) bool {
	_, body, _ := strings.Cut(text, "\n[")
	body, _, _ = strings.Cut(body, "] trailer")
	for _, a := range p.answers {
		a, _ = strings.CutSuffix(a, closeAfter)
		_, want, _ := strings.Cut(a[strings.LastIndex(a, "HTTP/1."):], "\r\n\r\n")
		switch {
		case strings.Contains(a, "chunked"):
			for _, s := range []string{"hello", "b"} {
				if body == s {
					return true
				}
			}
		case body == want:
			return true
		}
	}
	return false
}

// Each operation of the proxy fails in turn: no panic, no leak, and the
// client gets a complete response, an error, or a visible cut.
func TestEachOperationFails(t *testing.T) {
	for _, p := range conversations {
		hows := []how{{}, {piece: 5}}
		if p.spliced {
			hows = []how{{}, {piece: 5000}, {splice: true}, {piece: 5000, splice: true}}
		}
		for _, h := range hows {
			t.Run(fmt.Sprintf("%s %+v", p.name, h), func(t *testing.T) {
				for n := 1; n < 1000; n++ {
					var failed string
					bubble(t, func(t *testing.T) { failed = p.fail(t, n, h) })
					if failed == "" {
						if n < 3 {
							t.Error("nothing failed")
						}
						return
					}
					if t.Failed() {
						t.Fatalf("with failing %s", failed)
					}
				}
			})
		}
	}
}

func (p *played) fail(t *testing.T, n int, h how) string {
	b := new(backend)
	r := newRig(1, func(r *rig) {
		r.net.Piece, r.net.FailAt, r.net.Splice = h.piece, n, h.splice
		r.out = func(x *exchange.Exchange) { x.Out.Expect = x.Req.Expect && p.expect }
		r.net.Backend = func(_ int, c *fakenet.End) {
			b.play(c, func(q *http.Request) string { return p.answers[q.RequestURI] }, plainWrite)
		}
	})
	c := r.net.Connect(0, r.front)
	go plainWrite(c, p.send)
	rs, _, err := replies(c, strings.Fields(p.methods)...)
	for _, a := range rs {
		switch {
		case !a.complete:
			if err == nil || err == io.EOF {
				t.Errorf("%s: not complete but ended cleanly", brief(a.text))
			}
		case a.status < 400 || strings.Contains(a.text, "404"):
			if !p.whole(a.text) {
				t.Errorf("looks complete: %s", brief(a.text))
			}
		}
	}
	_ = c.Close()
	r.end(t)
	return r.net.Failed()
}
