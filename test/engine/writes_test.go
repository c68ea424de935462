package engine

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit"
)

// counting counts the reads from one side and the writes to the other.
type counting struct {
	reactor.Loop
	front    reactor.Handler
	down, up flow
}

type flow struct{ reads, writes int }

// check: each read causes one write. The head and the last chunk may have
// their own writes.
func (f flow) check(t *testing.T) {
	t.Helper()
	if f.reads < 60 || f.writes > f.reads+2 {
		t.Errorf("%d reads, %d writes", f.reads, f.writes)
	}
}

type counted struct {
	reactor.Conn
	k *counting
}

func (c counted) Loop() reactor.Loop { return c.k }

func (c counted) Read(p []byte) (int, error) {
	c.k.up.reads++
	return c.Conn.Read(p)
}

func (c counted) Write(p []byte) (int, error) {
	c.k.down.writes++
	return c.Conn.Write(p)
}

// source is a connection to a backend.
type source struct {
	reactor.Conn
	k *counting
}

func (c source) Loop() reactor.Loop { return c.k }

func (c source) Read(p []byte) (int, error) {
	c.k.down.reads++
	return c.Conn.Read(p)
}

func (c source) Write(p []byte) (int, error) {
	c.k.up.writes++
	return c.Conn.Write(p)
}

func (k *counting) Dial(d reactor.Dial) (reactor.Conn, error) {
	c, err := k.Loop.Dial(d)
	if err != nil {
		return nil, err
	}
	return source{c, k}, nil
}

func (k *counting) Full() bool { return false }

func (k *counting) Open(c reactor.Conn) (reactor.Session, time.Duration) {
	k.Loop = c.Loop()
	return k.front.Open(counted{c, k})
}

// The bytes of one read of a body are sent in one write, framed or not.
func TestOneWriteForEachRead(t *testing.T) {
	body := testkit.Pattern(1 << 20)
	for _, tt := range []struct{ name, answer string }{
		{"length", fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)},
		{"one chunk", fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)},
		{"many chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + inPieces(body, 5000) + "0\r\n\r\n"},
		{"until close", "HTTP/1.0 200 OK\r\n\r\n" + body + closeAfter},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(1, func(r *rig) { r.net.Backend = always(new(backend), tt.answer) })
				k := &counting{front: r.front}
				c := r.net.Connect(0, k)
				if a := one(t, c, "GET", get("/", "")); a.status != 200 || !strings.Contains(a.text, body) {
					t.Error(brief(a.text))
				}
				_ = c.Close()
				r.end(t)
				k.down.check(t)
			})
		})
	}
}

// The same for request bodies.
func TestOneWriteForEachReadUp(t *testing.T) {
	body := testkit.Pattern(1 << 20)
	const head = "POST / HTTP/1.1\r\nHost: front.test\r\nTransfer-Encoding: chunked\r\n\r\n"
	for name, size := range map[string]int{"one chunk": len(body), "chunks of 8 KiB": 8 << 10, "chunks of 5000": 5000} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				r := newRig(1, func(r *rig) { r.net.Backend = always(new(backend), okAnswer) })
				k := &counting{front: r.front}
				c := r.net.Connect(0, k)
				if a := one(t, c, "POST", head+inPieces(body, size)+"0\r\n\r\n"); a.status != 200 {
					t.Error(brief(a.text))
				}
				_ = c.Close()
				r.end(t)
				k.up.check(t)
			})
		})
	}
}

// inPieces frames s in chunks of n bytes.
func inPieces(s string, n int) string {
	var b strings.Builder
	for len(s) > 0 {
		m := min(n, len(s))
		_, _ = io.WriteString(&b, chunk(s[:m]))
		s = s[m:]
	}
	return b.String()
}
