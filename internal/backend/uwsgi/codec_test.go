package uwsgi

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/backend/cgi"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/testkit/codecs"
	"github.com/headgate/headgate/internal/worker"
)

func TestHead(t *testing.T) {
	x, c := new(exchange.Exchange), new(codec)
	x.Env.Set("A", []byte("1"))
	x.Env.Set("EMPTY", nil)
	if got, want := string(c.AppendHead(nil, &attempt.Head{X: x, Worker: new(worker.Config)})), "\x00\x0f\x00\x00\x01\x00A\x01\x001\x05\x00EMPTY\x00\x00"; got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
	x.Env.Set("LONG", make([]byte, 65535))
	h := attempt.Head{X: x, Worker: new(worker.Config)}
	if c.AppendHead(nil, &h); h.Refuse == "" {
		t.Error("variables that do not fit are not refused")
	}
}

func TestScript(t *testing.T) {
	for _, c := range []struct{ name, info, want string }{
		{"/app/x", "/x", "/app"}, {"/app/x", "/", "/app/x"}, {"/", "/", ""}, {"/a", "/longer", "/a"}, {"/same", "/same", ""},
	} {
		if got := string(script([]byte(c.name), []byte(c.info))); got != c.want {
			t.Errorf("%q with %q: %q, want %q", c.name, c.info, got, c.want)
		}
	}
}

// FuzzHead: the packet's size is that of its variables.
func FuzzHead(f *testing.F) {
	f.Add("A", []byte("1"))
	f.Fuzz(func(t *testing.T, name string, value []byte) {
		x, c := new(exchange.Exchange), new(codec)
		x.Env.Set(name, value)
		h := attempt.Head{X: x, Worker: new(worker.Config)}
		b := c.AppendHead(nil, &h)
		if h.Refuse == "" && int(binary.LittleEndian.Uint16(b[1:])) != len(b)-4 {
			t.Errorf("size %d of %d", binary.LittleEndian.Uint16(b[1:]), len(b)-4)
		}
	})
}

// events reads b in pieces and prints the events.
func events(verb message.Method, b string, piece int) string {
	c, x := new(codec), new(exchange.Exchange)
	x.Req.Verb = verb
	c.AppendHead(nil, &attempt.Head{X: x, Worker: new(worker.Config)})
	return codecs.Events(c, codecs.Head, b, piece, true)
}

func TestResponses(t *testing.T) {
	for _, c := range []struct {
		bytes, want string
		verb        message.Method
	}{
		{"HTTP/1.0 200 OK\r\nX: y\r\n\r\nbody", "head body end", message.GET},
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nbody", "head bo end", message.GET},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbody", "head bodymore", message.GET},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "head last", message.GET},
		{"HTTP/1.1 200 OK\r\n\r\nbody", "head last", message.HEAD},
		{"HTTP/1.1 304 Not Modified\r\n\r\n", "head last", message.GET},
		{"HTTP/1.1 100 Continue\r\n\r\n", "error: " + string(errInterim), message.GET},
		{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "error: " + string(errLength), message.GET},
		{"HTTP/1.1 200 OK\r\nX: y\r\n", "more", message.GET},
	} {
		for _, piece := range []int{1, 3, 1 << 20} {
			if got := events(c.verb, c.bytes, piece); got != c.want {
				t.Errorf("%q in pieces of %d: %q, want %q", c.bytes, piece, got, c.want)
			}
		}
	}
}

// FuzzRead: a response is read alike whatever its pieces are.
func FuzzRead(f *testing.F) {
	f.Add([]byte("HTTP/1.0 200 OK\r\nX: y\r\n\r\nbody"), 5)
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbody"), 1)
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		one, two := events(message.GET, string(b), len(b)+1), events(message.GET, string(b), max(1, piece&0xfff))
		if one != two {
			t.Errorf("%q, in pieces of %d %q", one, piece, two)
		}
	})
}

// The head of a response without a body waits for the end, but not for one that never comes.
func TestEndless(t *testing.T) {
	x := new(exchange.Exchange)
	x.Req.Verb = message.HEAD
	c := new(codec)
	c.AppendHead(nil, &attempt.Head{X: x, Worker: new(worker.Config)})
	more := bytes.Repeat([]byte("x"), 16<<10)
	b := append([]byte("HTTP/1.1 200 OK\r\n\r\n"), more...)
	for n := 0; ; n += len(more) {
		used, e, err := c.Read(b, false)
		if err != nil || used != len(b) {
			t.Fatal(used, err)
		}
		if e.Kind == attempt.Headed && e.Last {
			if n < cgi.MaxDropped-len(more) {
				t.Errorf("after %d bytes", n)
			}
			break
		}
		if n > 2*cgi.MaxDropped {
			t.Fatal("it waits on")
		}
		b = more
	}
	if reusable, _ := c.Done(); reusable {
		t.Error("reusable in the middle of a body")
	}
}
