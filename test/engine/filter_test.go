package engine

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// packer compresses responses of one type, as a compressing filter does: it
// declines others, and buffers bytes until a flush.
type packer struct {
	kind string // Content-Type
	open atomic.Int32
}

// packing is the state of a packer for one response.
type packing struct {
	z    *gzip.Writer
	out  bytes.Buffer
	kept bool // something was written since the last flush
}

func (p *packer) Head(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	h := &x.Resp.Header
	if t, _ := h.Get(message.ContentType); string(t) != p.kind || h.Next(0, "Content-Range") >= 0 {
		return exchange.Declines, nil
	}
	h.Add([]byte("Content-Encoding"), []byte("gzip"))
	st := new(packing)
	st.z = gzip.NewWriter(&st.out)
	s.State = st
	p.open.Add(1)
	return exchange.Changes, nil
}

func (p *packer) Body(x *exchange.Exchange, s *exchange.Slot, b []byte, op exchange.Op, next exchange.Sink) error {
	st := s.State.(*packing)
	if len(b) > 0 {
		_, _ = st.z.Write(b)
		st.kept = true
	}
	switch {
	case op == exchange.End:
		_ = st.z.Close()
	case op == exchange.Flush && st.kept:
		_ = st.z.Flush()
		st.kept = false
	}
	out := append([]byte(nil), st.out.Bytes()...)
	st.out.Reset()
	return next.Write(x, out, op)
}

func (p *packer) Done(_ *exchange.Exchange, s *exchange.Slot) {
	s.State = nil
	p.open.Add(-1)
}

// readUntil reads until what came ends so.
func readUntil(t *testing.T, c *fakenet.End, end string) string {
	t.Helper()
	var got []byte
	for !bytes.HasSuffix(got, []byte(end)) {
		var b [1024]byte
		n, err := c.Read(b[:])
		if err != nil {
			t.Fatalf("%v after %q", err, got)
		}
		got = append(got, b[:n]...)
	}
	return string(got)
}

// unchunked reads the chunks that have arrived.
func unchunked(t *testing.T, b []byte) []byte {
	t.Helper()
	var out []byte
	for len(b) > 0 {
		line, rest, ok := bytes.Cut(b, []byte("\r\n"))
		var n int
		if _, err := fmt.Sscanf(string(line), "%x", &n); !ok || err != nil || len(rest) < n+2 {
			t.Fatalf("incomplete chunk: %q", b)
		}
		out, b = append(out, rest[:n]...), rest[n+2:]
	}
	return out
}

// Each event of a stream leaves at once, also through a filter that compresses.
func TestFilterEventStream(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nETag: \"a\"\r\nAccept-Ranges: bytes\r\nTransfer-Encoding: chunked\r\n\r\n"
	bubble(t, func(t *testing.T) {
		p := &packer{kind: "text/event-stream"}
		events := make(chan string)
		r := newRig(1, func(r *rig) {
			r.chain.Filters = []exchange.Filter{p, new(filter)}
			r.net.Backend = func(_ int, c *fakenet.End) {
				if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
					return
				}
				_, _ = io.WriteString(c, head)
				for e := range events {
					_, _ = fmt.Fprintf(c, "%x\r\n%s\r\n", len(e), e)
				}
				_, _ = io.WriteString(c, "0\r\n\r\n")
			}
		})
		c := r.net.Connect(0, &layers{front: r.front})
		_, _ = io.WriteString(c, get("/events", ""))
		got := readUntil(t, c, "\r\n\r\n")
		for _, want := range []string{"Content-Encoding: gzip", "Transfer-Encoding: chunked", `ETag: W/"a"`} {
			if !strings.Contains(got, want) {
				t.Errorf("head has no %q: %s", want, got)
			}
		}
		if strings.Contains(got, "Accept-Ranges") {
			t.Errorf("the compressed form has ranges: %s", got)
		}
		var packed []byte
		for i := range 3 {
			events <- fmt.Sprintf("data: %d\n\n", i)
			packed = append(packed, unchunked(t, []byte(readUntil(t, c, "\r\n")))...)
			z, err := gzip.NewReader(bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}
			text, _ := io.ReadAll(z)
			if !strings.HasSuffix(string(text), fmt.Sprintf("data: %d\n\n", i)) {
				t.Fatalf("event %d has not arrived: %q", i, text)
			}
		}
		close(events)
		readUntil(t, c, "\r\n0\r\n\r\n")
		_ = c.Close()
		r.end(t)
		if n := p.open.Load(); n != 0 {
			t.Errorf("%d filters were not released", n)
		}
	})
}

// A filter that declines leaves a response unchanged: it is spliced, and keeps its
// length, its ETag and its ranges; a filter that takes part changes all of these.
func TestFilterDeclines(t *testing.T) {
	for _, tt := range []struct {
		name, kind, head string
		send             string
		spliced, packed  bool
	}{
		{name: "other type", kind: "text/plain", send: get("/", ""), head: "Content-Type: image/png\r\nETag: \"a\"\r\n", spliced: true},
		{name: "taken part", kind: "text/plain", send: get("/", ""), head: "Content-Type: text/plain\r\nETag: \"a\"\r\n", packed: true},
		{name: "HTTP/1.0", kind: "text/plain", send: "GET / HTTP/1.0\r\n\r\n", head: "Content-Type: text/plain\r\n", packed: true},
		{name: "HEAD", kind: "text/plain", send: "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", head: "Content-Type: text/plain\r\n", packed: true},
		{name: "part of it", kind: "text/plain", send: get("/", ""), head: "Content-Type: text/plain\r\nContent-Range: bytes 0-1/2\r\n", spliced: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				p := &packer{kind: tt.kind}
				body := large
				method, _, _ := strings.Cut(tt.send, " ")
				if method == "HEAD" {
					body = ""
				}
				answer := fmt.Sprintf("HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s", tt.head, len(large), body)
				r := newRig(1, func(r *rig) {
					r.net.Splice = true
					r.net.Backend = always(new(backend), answer)
					r.chain.Filters = []exchange.Filter{p}
				})
				c := r.net.Connect(0, &layers{front: r.front})
				a := one(t, c, method, tt.send)
				if !a.complete || a.status != 200 {
					t.Error(brief(a.text))
				}
				if coded := strings.Contains(a.text, "Content-Encoding: gzip"); coded != tt.packed {
					t.Error(brief(a.text))
				}
				_ = c.Close()
				r.end(t) // the line is logged after the response
				if r.logged()[0].length == tt.packed {
					t.Errorf("Content-Length: %v", r.logged()[0].length)
				}
				if n := r.net.Spliced(); (n > 0) != tt.spliced {
					t.Errorf("%d bytes were spliced", n)
				}
				if n := p.open.Load(); n != 0 {
					t.Errorf("%d filters were not released", n)
				}
			})
		})
	}
}

// halver is an input filter that passes every second byte of a body.
type halver struct {
	effect exchange.Effect
	began  atomic.Int32
	done   atomic.Int32
}

type halving struct{ odd bool }

func (h *halver) Begin(_ *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	h.began.Add(1)
	s.State = new(halving)
	return h.effect, nil
}

func (h *halver) Read(x *exchange.Exchange, s *exchange.Slot, p []byte, wait bool, from exchange.Source) (int, error) {
	st := s.State.(*halving)
	for {
		n, err := from.Read(x, p, wait)
		if h.effect&exchange.Changes == 0 {
			return n, err
		}
		m := 0
		for _, c := range p[:n] {
			if st.odd = !st.odd; st.odd {
				p[m] = c
				m++
			}
		}
		if m > 0 || err != nil || n == 0 {
			return m, err
		}
	}
}

func (h *halver) Done(*exchange.Exchange, *exchange.Slot) { h.done.Add(1) }

// Request bodies pass through input filters, in any framing and size; the length
// that the backend sees depends on the filters that take part.
func TestInputFilters(t *testing.T) {
	chunked := func(body string) string {
		return fmt.Sprintf("PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
	}
	put := func(body string) string { return strings.Replace(post("/a", "", body), "POST", "PUT", 1) }
	half := func(s string) string {
		var b strings.Builder
		for i := 0; i < len(s); i += 2 {
			b.WriteByte(s[i])
		}
		return b.String()
	}
	for _, tt := range []struct {
		name    string
		effects []exchange.Effect
		send    string
		want    string
		chunks  bool
		spliced bool
	}{
		{"declines", []exchange.Effect{exchange.Declines}, put(large), large, false, true},
		{"observes", []exchange.Effect{exchange.Observes}, put(large), large, false, false},
		{"changes", []exchange.Effect{exchange.Changes}, put(large), half(large), true, false},
		{"changes, small", []exchange.Effect{exchange.Changes}, put("abcdef"), "ace", false, false},
		{"two", []exchange.Effect{exchange.Changes, exchange.Changes}, put("abcdefgh"), "ae", false, false},
		{"chunked", []exchange.Effect{exchange.Changes}, chunked("abcdefgh"), "aceg", false, false},
		{"none", nil, put(large), large, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var list []*halver
				var got struct {
					chunks bool
					body   []byte
				}
				r := newRig(1, func(r *rig) {
					r.net.Splice = true
					r.net.Backend = func(_ int, c *fakenet.End) {
						defer func() { _ = c.Close() }()
						q, err := http.ReadRequest(bufio.NewReader(c))
						if err != nil {
							return
						}
						got.chunks = len(q.TransferEncoding) > 0
						got.body, _ = io.ReadAll(q.Body)
						_, _ = io.WriteString(c, okAnswer)
						silence(c)
					}
					for _, e := range tt.effects {
						h := &halver{effect: e}
						list = append(list, h)
						r.chain.Inputs = append(r.chain.Inputs, h)
					}
				})
				c := r.net.Connect(0, &layers{front: r.front})
				if a := one(t, c, "PUT", tt.send); a.status != 200 || !a.complete {
					t.Error(brief(a.text))
				}
				if got.chunks != tt.chunks {
					t.Errorf("in chunks: %v", got.chunks)
				}
				if string(got.body) != tt.want {
					t.Errorf("body of %d bytes, want %d", len(got.body), len(tt.want))
				}
				if n := r.net.Spliced(); (n > 0) != tt.spliced {
					t.Errorf("%d bytes were spliced", n)
				}
				_ = c.Close()
				r.end(t) // filters are released after the response
				for _, h := range list {
					if h.began.Load() != 1 || h.done.Load() != map[bool]int32{true: 0, false: 1}[h.effect == exchange.Declines] {
						t.Errorf("began %d, done %d", h.began.Load(), h.done.Load())
					}
				}
			})
		})
	}
}
