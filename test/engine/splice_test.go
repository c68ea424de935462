package engine

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

const largeAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"

// layered is a connection over another one, like TLS: it cannot be spliced.
type layered struct {
	reactor.Conn
	loop reactor.Loop
}

func (l layered) Loop() reactor.Loop { return l.loop }

// layers makes layered connections of the client's, the backends', or both.
type layers struct {
	reactor.Loop
	front           reactor.Handler
	client, backend bool
}

func (l *layers) Dial(d reactor.Dial) (reactor.Conn, error) {
	c, err := l.Loop.Dial(d)
	if err != nil || !l.backend {
		return c, err
	}
	return layered{c, l}, nil
}

func (l *layers) Full() bool { return false }

func (l *layers) Open(c reactor.Conn) (reactor.Session, time.Duration) {
	l.Loop = c.Loop()
	if l.client || l.backend {
		return l.front.Open(layered{c, l})
	}
	return l.front.Open(c)
}

// replaced is a Relay that has every response's body discarded.
type replaced struct{}

func (replaced) BackendHead(*exchange.Exchange) (bool, error) { return true, nil }

// replace responds with its own large body instead of the backend's.
func replace(r *rig) {
	r.out = func(x *exchange.Exchange) { x.Relay = replaced{} }
	r.chain.Handlers = []exchange.Handler{handlerFunc(func(x *exchange.Exchange) error {
		if err := (forward{r}).Handle(x); err != nil {
			return err
		}
		x.Resp.Reset()
		x.Resp.Status, x.Resp.Body = 200, message.Framing{Kind: message.Length, Length: int64(len(large))}
		if err := x.SendHead(false); err != nil {
			return err
		}
		return x.SendBody([]byte(large), true)
	})}
}

// Bodies are spliced if no filter has to see them, and only then.
func TestSpliced(t *testing.T) {
	chunks := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(large), large)
	const http10 = "GET /a HTTP/1.0\r\n\r\n"
	put := strings.Replace(post("/a", "", large), "POST", "PUT", 1)
	for _, tt := range []struct {
		name    string
		send    string
		answer  string
		edit    func(r *rig)
		over    layers
		spliced bool
	}{
		{name: "response with a length", send: get("/a", ""), answer: largeAnswer + large, spliced: true},
		{name: "response with a length, HTTP/1.0 client", send: http10, answer: largeAnswer + large, spliced: true},
		{name: "response until close, HTTP/1.0 client", send: http10, answer: "HTTP/1.0 200 OK\r\n\r\n" + large + closeAfter, spliced: true},
		{name: "response until close in chunks", send: get("/a", ""), answer: "HTTP/1.0 200 OK\r\n\r\n" + large + closeAfter},
		{name: "response in chunks", send: get("/a", ""), answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks},
		{name: "response in chunks, HTTP/1.0 client", send: http10, answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks},
		{name: "small response", send: get("/a", ""), answer: "HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n" + large[:40000]},
		{name: "HEAD", send: "HEAD /a HTTP/1.1\r\nHost: x\r\n\r\n", answer: largeAnswer},
		{name: "filter", send: get("/a", ""), answer: largeAnswer + large,
			edit: func(r *rig) { r.chain.Filters = []exchange.Filter{new(filter)} }},
		{name: "replaced response", send: get("/a", ""), answer: largeAnswer + large, edit: replace},
		{name: "layer over the client", send: get("/a", ""), answer: largeAnswer + large, over: layers{client: true}},
		{name: "layer over the backend", send: get("/a", ""), answer: largeAnswer + large, over: layers{backend: true}},
		{name: "upload with a length", send: put, answer: okAnswer, spliced: true},
		{name: "upload within LimitRequestBody", send: put, answer: okAnswer, spliced: true,
			edit: func(r *rig) { r.chain.LimitBody = int64(len(large)) }},
		{name: "upload, filtered response", send: put, answer: okAnswer, spliced: true,
			edit: func(r *rig) { r.chain.Filters = []exchange.Filter{new(filter)} }},
		{name: "upload behind ping", send: put, answer: okAnswer, spliced: true, edit: func(r *rig) { r.worker.Ping = time.Second }},
		{name: "upload in chunks", send: "PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks, answer: okAnswer},
		{name: "small upload", send: post("/a", "", large[:40000]), answer: okAnswer},
		{name: "upload, layer over the client", send: put, answer: okAnswer, over: layers{client: true}},
		{name: "upload, layer over the backend", send: put, answer: okAnswer, over: layers{backend: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				b := new(backend)
				r := newRig(1, func(r *rig) {
					r.net.Splice = true
					r.net.Backend = always(b, tt.answer)
					if tt.edit != nil {
						tt.edit(r)
					}
				})
				tt.over.front = r.front
				c := r.net.Connect(0, &tt.over)
				method, _, _ := strings.Cut(tt.send, " ")
				a := one(t, c, method, tt.send)
				if a.status != 200 || !a.complete {
					t.Error(brief(a.text))
				}
				if strings.Contains(tt.answer, large) && !strings.Contains(a.text, large) {
					t.Errorf("body is not the backend's: %.300s", a.text)
				}
				if method == "PUT" && !strings.Contains(b.seen()[0], large) {
					t.Errorf("body is not the client's: %.300s", b.seen()[0])
				}
				if n := r.net.Spliced(); (n > 0) != tt.spliced {
					t.Errorf("%d bytes were spliced", n)
				}
				_ = c.Close()
				r.end(t)
			})
		})
	}
}

// A response that is sent because part of the upload was lost says that the
// connection ends: the client's next request would be lost.
func TestLostBodyIsAnnounced(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := newRig(1, func(r *rig) {
			r.net.Splice = true
			r.net.Backend = func(_ int, c *fakenet.End) {
				_, _ = io.CopyN(io.Discard, c, 70_000)
				synctest.Wait() // the splice is full
				_ = c.Abort()
			}
		})
		c := r.net.Connect(0, r.front)
		if a := one(t, c, "POST", post("/a", "", strings.Repeat(large, 4))); a.status != 502 || !a.close {
			t.Error(a.text)
		}
		if r.net.Spliced() == 0 {
			t.Error("nothing was spliced")
		}
		_ = c.Close()
		r.end(t)
	})
}

// broken is a way in which a large body fails, or nearly fails.
type broken struct {
	name    string
	send    string
	edit    func(r *rig)
	backend func(c *fakenet.End, br *bufio.Reader) // after the head of the request
	client  func(c *fakenet.End)                   // after send; nil: it reads the response
	more    string                                 // sent after a second
	exact   bool                                   // both runs count the same bytes
	late    time.Duration                          // by how much the two runs may differ
	unread  bool                                   // part of the upload is left over, which may or may not reset the connection
}

// answerHalf sends the head and part of a large response.
func answerHalf(c *fakenet.End) { _, _ = io.WriteString(c, largeAnswer+large[:85_000]) }

func silence(c *fakenet.End) { _, _ = c.Read(make([]byte, 1)) }

const uploadHead = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"

var breaks = []broken{
	{name: "backend ends early", send: get("/a", ""), exact: true,
		backend: func(c *fakenet.End, _ *bufio.Reader) { answerHalf(c) }},
	{name: "backend resets", send: get("/a", ""), exact: true, backend: func(c *fakenet.End, _ *bufio.Reader) {
		answerHalf(c)
		fakenet.Pass(time.Second)
		_ = c.Abort()
	}},
	{name: "backend falls silent", send: get("/a", ""), exact: true, backend: func(c *fakenet.End, _ *bufio.Reader) {
		answerHalf(c)
		silence(c)
	}},
	{name: "backend is slow", send: get("/a", ""), exact: true, backend: func(c *fakenet.End, _ *bufio.Reader) {
		answerHalf(c)
		fakenet.Pass(29 * time.Second)
		_, _ = io.WriteString(c, large[85_000:])
	}},
	{name: "backend is slower than the client is patient", send: get("/a", ""), exact: true,
		edit: func(r *rig) { r.site.Timeout = time.Second },
		backend: func(c *fakenet.End, _ *bufio.Reader) {
			answerHalf(c)
			fakenet.Pass(29900 * time.Millisecond)
			_, _ = io.WriteString(c, large[85_000:])
		}},
	{name: "backend says more than announced", send: get("/a", ""),
		backend: func(c *fakenet.End, _ *bufio.Reader) { _, _ = io.WriteString(c, largeAnswer+large+"more") }},
	{name: "until close, reset", send: "GET /a HTTP/1.0\r\n\r\n", exact: true, backend: func(c *fakenet.End, _ *bufio.Reader) {
		_, _ = io.WriteString(c, "HTTP/1.0 200 OK\r\n\r\n"+large)
		fakenet.Pass(time.Second)
		_ = c.Abort()
	}},
	{name: "client closes", send: get("/a", ""), backend: func(c *fakenet.End, _ *bufio.Reader) {
		// More than the buffers in between hold: the rest cannot be sent, whichever fails first.
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat(large, 10))
		silence(c)
	}, client: func(c *fakenet.End) {
		_, _ = io.CopyN(io.Discard, c, 50_000)
		_ = c.Close()
	}},
	{name: "client cuts while the backend is silent", send: get("/a", ""), backend: func(c *fakenet.End, _ *bufio.Reader) {
		answerHalf(c)
		silence(c)
	}, client: func(c *fakenet.End) {
		_, _ = io.CopyN(io.Discard, c, 80_000)
		fakenet.Pass(5 * time.Second)
		_ = c.Abort()
	}},
	{name: "client does not read", send: get("/a", ""), late: 2 * time.Second, edit: func(r *rig) { r.site.Timeout = 10 * time.Second },
		backend: func(c *fakenet.End, _ *bufio.Reader) {
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat(large, 10))
			silence(c)
		}, client: func(*fakenet.End) { fakenet.Pass(time.Minute) }},
	{name: "client closes in its upload", send: uploadHead + large, backend: func(_ *fakenet.End, br *bufio.Reader) {
		_, _ = io.Copy(io.Discard, br)
	}, client: func(c *fakenet.End) { _ = c.CloseWrite() }},
	{name: "client falls silent in its upload", send: uploadHead + large, exact: true,
		backend: func(_ *fakenet.End, br *bufio.Reader) { _, _ = io.Copy(io.Discard, br) }},
	{name: "backend does not read", send: uploadHead + strings.Repeat(large, 9), late: 4 * time.Second, unread: true,
		backend: func(*fakenet.End, *bufio.Reader) { fakenet.Pass(time.Hour) }},
	{name: "backend resets in the upload", send: uploadHead + strings.Repeat(large, 9), unread: true,
		backend: func(c *fakenet.End, br *bufio.Reader) {
			_, _ = io.CopyN(io.Discard, br, 70_000)
			_ = c.Abort()
		}},
	{name: "early response, upload goes on", send: uploadHead + strings.Repeat(large, 10) + get("/b", ""), unread: true,
		backend: func(c *fakenet.End, br *bufio.Reader) {
			_, _ = io.CopyN(io.Discard, br, 70_000)
			_, _ = io.WriteString(c, okAnswer)
			silence(c)
		}},
	{name: "early response, client waits to go on", send: "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 150000\r\n\r\n" + large, more: large[:50_000] + get("/b", ""),
		backend: func(c *fakenet.End, br *bufio.Reader) {
			_, _ = io.CopyN(io.Discard, br, 100_000)
			_, _ = io.WriteString(c, okAnswer)
			silence(c)
		}},
}

// A fault of a spliced body is reported, logged and cut like that of a copied
// one, and as early.
func TestSpliceBreaks(t *testing.T) {
	for _, tt := range breaks {
		t.Run(tt.name, func(t *testing.T) {
			var copied, spliced string
			var took [2]time.Duration
			bubble(t, func(t *testing.T) { copied, took[0] = tt.run(t, false) })
			bubble(t, func(t *testing.T) { spliced, took[1] = tt.run(t, true) })
			t.Logf("%s, took %v", copied, took)
			if copied != spliced {
				t.Errorf("with splicing\n%s\ninstead of\n%s", spliced, copied)
			}
			if d := took[1] - took[0]; d < -tt.late || d > tt.late {
				t.Errorf("took %v", took)
			}
		})
	}
}

// run plays it once and returns the log and the client's view as text.
func (b *broken) run(t *testing.T, splice bool) (told string, took time.Duration) {
	r := newRig(1, func(r *rig) {
		r.net.Splice = splice
		r.worker.Timeout = 30 * time.Second
		r.net.Backend = func(n int, c *fakenet.End) {
			defer func() { _ = c.Close() }()
			br := bufio.NewReader(c)
			q, err := http.ReadRequest(br)
			switch {
			case err != nil:
			case q.RequestURI == "/b":
				_, _ = io.WriteString(c, okAnswer)
			default:
				b.backend(c, br)
			}
		}
		if b.edit != nil {
			b.edit(r)
		}
	})
	c := r.net.Connect(0, r.front)
	go func() {
		_, _ = io.WriteString(c, b.send)
		if b.more != "" {
			fakenet.Pass(time.Second)
			_, _ = io.WriteString(c, b.more)
		}
	}()
	if b.client != nil {
		synctest.Wait()
		b.client(c)
	}
	if b.client == nil {
		var err error
		if told, err = tell(c); !b.unread {
			told += fmt.Sprint("then ", err)
		} else {
			// Bytes that a splice lost are known before the response, but that too
			// much is left to discard only after it.
			told = strings.ReplaceAll(told, `\r\nConnection: close`, "")
		}
	}
	_ = c.Close()
	r.end(t)
	if (r.net.Spliced() > 0) != splice {
		t.Errorf("%d bytes were spliced", r.net.Spliced())
	}
	for _, l := range r.logged() {
		told += fmt.Sprintf("\nlogged %d truncated %v", l.status, l.truncated)
		if f := l.fault; f != nil {
			told += fmt.Sprintf(" fault %v %v %v %v %q %v", f.Side, f.Phase, f.Kind, f.Status, f.Detail, f.Err)
		}
		if b.exact {
			told += fmt.Sprintf(" %+v", l.count)
		}
	}
	return told, r.logged()[0].took
}

// tell reads responses to the end of the connection and returns them as text.
func tell(c *fakenet.End) (string, error) {
	all, err := io.ReadAll(c)
	var told strings.Builder
	for rest := string(all); rest != ""; {
		head, body, _ := strings.Cut(rest, "\r\n\r\n")
		at := strings.Index(body, "HTTP/1.")
		if at < 0 {
			at = len(body)
		}
		before, date, _ := strings.Cut(head, "Date: ")
		_, after, _ := strings.Cut(date, "\r\n")
		fmt.Fprintf(&told, "%q %q and %d bytes, ", before, after, at)
		rest = body[at:]
	}
	return told.String(), err
}
