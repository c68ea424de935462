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

// counting counts the writes to the client and the reads from backends.
type counting struct {
	reactor.Loop
	front         reactor.Handler
	reads, writes int
}

type counted struct {
	reactor.Conn
	k *counting
}

func (c counted) Loop() reactor.Loop { return c.k }

func (c counted) Write(p []byte) (int, error) {
	c.k.writes++
	return c.Conn.Write(p)
}

// source is a connection to a backend.
type source struct {
	reactor.Conn
	k *counting
}

func (c source) Loop() reactor.Loop { return c.k }

func (c source) Read(p []byte) (int, error) {
	c.k.reads++
	return c.Conn.Read(p)
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

// What is read at once of a body leaves in one write, framed or not.
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
				// The response's head and its last chunk may have their own.
				if k.reads < 60 || k.writes > k.reads+2 {
					t.Errorf("%d reads, %d writes", k.reads, k.writes)
				}
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
