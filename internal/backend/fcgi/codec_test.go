package fcgi

import (
	"bytes"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/testkit/codecs"
	"github.com/headgate/headgate/internal/worker"
)

// rec makes a record of a backend.
func rec(kind byte, content string, padding int) string {
	h := appendHeader(nil, kind, len(content))
	h[6] = byte(padding)
	return string(h) + content + strings.Repeat("\x00", padding)
}

var over = rec(endRequest, "\x00\x00\x00\x00\x00\x00\x00\x00", 0)

func newCodec() *codec {
	c := new(codec)
	x := new(exchange.Exchange)
	x.Req.Verb = message.GET
	c.AppendHead(nil, &attempt.Head{X: x, Worker: new(worker.Config)})
	return c
}

// events reads b in pieces and prints the events.
func events(c *codec, b string, piece int) string {
	return codecs.Events(c, codecs.Head, b, piece, false)
}

func TestResponses(t *testing.T) {
	for _, c := range []struct{ name, bytes, want string }{
		{"plain", rec(stdout, "X: y\r\n\r\nbody", 3) + over, "head body end"},
		{"pieces", rec(stdout, "X", 0) + rec(stdout, ": y\n\nbo", 7) + rec(stdout, "dy", 1) + rec(stdout, "", 0) + over, "head body end"},
		{"text", rec(stderr, "oh\n", 5) + rec(stdout, "\n\nx", 0) + over, "(oh)head \nx end"},
		{"no head", over, "error: " + string(errNoHead)},
		{"busy", rec(endRequest, "\x00\x00\x00\x00\x02\x00\x00\x00", 0), "error: " + string(errBusy)},
		{"short end", rec(endRequest, "\x00", 0), "error: " + string(errEnd)},
		{"another version", "\x02" + over[1:], "error: " + string(errVersion)},
		{"late", rec(stdout, "\nx", 0) + rec(stdout, "", 0) + rec(stdout, "y", 0) + over, "head xerror: " + string(errLate)},
		{"unknown kind", rec(63, "abc", 0) + rec(stdout, "\nx", 0) + over, "head x end"},
		{"cut", rec(stdout, "\nx", 0), "head xmore"},
	} {
		for _, piece := range []int{1, 3, 8, 1 << 20} {
			got := events(newCodec(), c.bytes, piece)
			if got != c.want {
				t.Errorf("%s in pieces of %d: %q, want %q", c.name, piece, got, c.want)
			}
		}
	}
	if got := events(newCodec(), rec(stdout, "Location: /\n\n", 0)+over, 1<<20); got != "head last" {
		t.Errorf("without a body: %q", got)
	}
}

// A program is not cut off in the middle of its work: the head of a response without a body waits for its end.
func TestSilent(t *testing.T) {
	c := newCodec()
	c.x.Req.Verb = message.HEAD
	if got := events(c, rec(stdout, "\nx", 0)+rec(stdout, "y", 0), 4); got != "more" {
		t.Errorf("before the end: %q", got)
	}
	c.AppendHead(nil, &attempt.Head{X: c.x, Worker: new(worker.Config)})
	if got := events(c, rec(stdout, "\nx", 0)+rec(stdout, "y", 3)+over, 4); got != "head last" {
		t.Errorf("after it: %q", got)
	}
	if reusable, _ := c.Done(); !reusable {
		t.Error("not reusable")
	}
	c.AppendHead(nil, &attempt.Head{X: c.x, Worker: new(worker.Config)})
	if got := events(c, rec(stdout, "\nx", 0)+strings.Repeat(rec(stdout, strings.Repeat("y", 60_000), 0), 5), 1<<20); got != "head last" {
		t.Errorf("without an end: %q", got)
	}
	if reusable, _ := c.Done(); reusable {
		t.Error("reusable in the middle of a body")
	}
}

func TestParams(t *testing.T) {
	c, x := new(codec), new(exchange.Exchange)
	long := bytes.Repeat([]byte("v"), 40_000)
	x.Env.Set("A", []byte("1"))
	x.Env.Set("EMPTY", nil)
	x.Env.Set("LONG", long)
	x.Env.Set("LONGER", long)
	b := c.AppendHead(nil, &attempt.Head{X: x, Worker: new(worker.Config), Reuse: true})
	if want := "\x01\x01\x00\x01\x00\x08\x00\x00" + "\x00\x01\x01\x00\x00\x00\x00\x00"; string(b[:16]) != want {
		t.Errorf("begin: %q", b[:16])
	}
	records := 0
	for b = b[16:]; ; records++ {
		h := parseHeader(b)
		if h.kind != params {
			t.Fatalf("record of type %d", h.kind)
		}
		if b = b[headSize+h.content:]; h.content == 0 {
			break
		}
	}
	if records != 2 || len(b) != 0 {
		t.Errorf("%d records, %d bytes after them", records, len(b))
	}
}

// FuzzRead: a response is read alike whatever its pieces are, and nothing is read beyond its end.
func FuzzRead(f *testing.F) {
	f.Add([]byte(rec(stdout, "X: y\r\n\r\nbody", 3)+over+over), 5)
	f.Add([]byte(rec(stderr, "oh", 1)+rec(stdout, "Status: 304\n\n", 0)+rec(stdout, "", 0)+over), 1)
	f.Add([]byte("HTTP/1.1 200 OK\r\n\r\n"), 2)
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		piece = max(1, piece&0xfff)
		one, two := events(newCodec(), string(b), len(b)+1), events(newCodec(), string(b), piece)
		// Where the pieces end the engine learns of a head before it learns that nothing follows.
		plain := strings.NewReplacer("head  end", "head last").Replace
		if strings.Contains(one, "(") { // a text may be cut in pieces
			return
		}
		if plain(one) != plain(two) {
			t.Errorf("%q, in pieces of %d %q", one, piece, two)
		}
	})
}
