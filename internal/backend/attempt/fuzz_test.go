package attempt_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// responses are what a backend may send, for both codecs.
var responses = []string{
	"200\nhello", "!text\n!more\n404\n", "200", "hello\n", "!\n200\n", "99\n",
	p("S200", "Dhello", "Dworld", "E+"), p("I103", "S200", "E-"), p("!", "S200", "Tx", "E+") + "x", p("W10", "S200", "W0", "E+"),
	p("D"), p("S200", "S200"), p("X"), p("S200", "Dhel")[:8],
}

// events reads a response that arrives in pieces of a size, and returns its
// events, with the data in one piece.
func events(c attempt.Codec, in []byte, size int) string {
	x := &exchange.Exchange{}
	c.AppendHead(nil, &attempt.Head{X: x})
	var out, data strings.Builder
	for used, got := 0, 0; ; {
		n, e, err := c.Read(in[used:got:got], got == len(in))
		if n < 0 || n > got-used {
			panic("more was used than there is")
		}
		used += n
		switch {
		case err != nil:
			return fmt.Sprintf("%s%q error %v", &out, &data, err)
		case e.Kind == attempt.More && got == len(in):
			return fmt.Sprintf("%s%q cut", &out, &data)
		case e.Kind == attempt.More:
			got = min(got+size, len(in))
		case e.Kind == attempt.Data:
			data.Write(e.Data)
		case e.Kind == attempt.End:
			reusable, idle := c.Done()
			return fmt.Sprintf("%s%q end %v %v rest %q", &out, &data, reusable, idle, in[used:])
		default:
			fmt.Fprintf(&out, "%d %d %d %q %q\n", e.Kind, x.Resp.Status, e.N, e.Data, &data)
			data.Reset()
		}
	}
}

// FuzzCodecs: a response means the same in whatever pieces it arrives.
func FuzzCodecs(f *testing.F) {
	for _, s := range responses {
		f.Add([]byte(s), uint8(1))
	}
	f.Fuzz(func(t *testing.T, in []byte, size uint8) {
		in = in[:min(len(in), 4<<10)] // in single bytes the work is quadratic
		for _, s := range []attempt.Spec{cgiSpec, packetSpec} {
			whole := events(s.New(), in, len(in)+1)
			if got := events(s.New(), in, int(size%64)+1); got != whole {
				t.Fatalf("%s, in pieces of %d:\n%s\nwhole:\n%s", s.Module, size%64+1, got, whole)
			}
		}
	})
}

// FuzzBackend: whatever a backend sends, an exchange ends and keeps nothing, and
// the client gets no more than one response.
func FuzzBackend(f *testing.F) {
	for _, s := range responses {
		f.Add([]byte(s), uint8(0), false)
		f.Add([]byte(s), uint8(3), true)
	}
	f.Fuzz(func(t *testing.T, in []byte, piece uint8, body bool) {
		synctest.Test(t, func(t *testing.T) {
			for _, s := range []attempt.Spec{cgiSpec, packetSpec} {
				r := newRig(s, func(r *rig) { r.net.Piece = int(piece % 16) })
				r.net.Backend = func(_ int, c *fakenet.End) {
					defer func() { _ = c.Close() }()
					_ = c.SetReadDeadline(time.Now().Add(time.Second))
					_, _ = io.CopyN(io.Discard, c, 12)
					_, _ = c.Write(in)
					drain(c)
				}
				c := r.net.Connect(0, r.front)
				request := getHead
				if body {
					request = postHead(2500) + long[:2500]
				}
				go func() { _, _ = io.WriteString(c, request); _ = c.CloseWrite() }()
				_ = c.SetReadDeadline(time.Now().Add(time.Hour))
				got, _ := io.ReadAll(c)
				_ = c.Close()
				if n := strings.Count(string(got), "HTTP/1.1 "); n > 1+strings.Count(string(in), "HTTP/1.1 ")+strings.Count(string(in), "I") {
					t.Errorf("%d responses: %q", n, got)
				}
				synctest.Wait()
				r.end(t)
			}
		})
	})
}
