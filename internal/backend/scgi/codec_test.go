package scgi

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/backend/cgi"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/testkit/codecs"
	"github.com/headgate/headgate/internal/worker"
)

func head(x *exchange.Exchange) string {
	c := new(codec)
	return string(c.AppendHead(nil, &attempt.Head{X: x, Worker: new(worker.Config)}))
}

func TestHead(t *testing.T) {
	x := new(exchange.Exchange)
	x.Req.Body = message.Framing{Kind: message.Length, Length: 27}
	for _, v := range [][2]string{{"A", "1"}, {"EMPTY", ""}, {"SCGI", "mine"}, {"GATEWAY_INTERFACE", "CGI/1.1"}, {"EVIL", "a\x00CONTENT_LENGTH\x000"}} {
		x.Env.Set(v[0], []byte(v[1]))
	}
	want := "51:CONTENT_LENGTH\x0027\x00SCGI\x001\x00A\x001\x00EMPTY\x00\x00EVIL\x00a\x00,"
	want = strconv.Itoa(len(want)-len("51:,")) + want[2:]
	if got := head(x); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// FuzzHead: whatever the environment is, the head is one netstring of pairs that begins with the true length.
func FuzzHead(f *testing.F) {
	f.Add("A", "1", "CONTENT_LENGTH", "x\x00y", int64(5))
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string, length int64) {
		if length < 0 || strings.Contains(n1+n2, "\x00") {
			return
		}
		x := new(exchange.Exchange)
		x.Req.Body = message.Framing{Kind: message.Length, Length: length}
		x.Env.Set(n1, []byte(v1))
		x.Env.Set(n2, []byte(v2))
		size, rest, _ := strings.Cut(head(x), ":")
		n, err := strconv.Atoi(size)
		if err != nil || n != len(rest)-1 || rest[n] != ',' {
			t.Fatalf("size %q of %q", size, rest)
		}
		words := strings.Split(rest[:n], "\x00")
		if len(words)%2 != 1 || words[0] != contentLength || words[1] != strconv.FormatInt(length, 10) || words[2] != "SCGI" || words[3] != "1" {
			t.Fatalf("%q", words)
		}
		for i := 4; i+1 < len(words); i += 2 {
			if words[i] == contentLength || words[i] == "SCGI" {
				t.Fatalf("%s twice: %q", words[i], words)
			}
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
		{"X: y\r\n\r\nbody", "head body end", message.GET},
		{"\n", "head  end", message.GET},
		{"X: y\n\nbody", "head last", message.HEAD},
		{"Status: 304\n\nbody", "head last", message.GET},
		{"X: y\r\n", "more", message.GET},
		{"", "more", message.GET},
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
	f.Add([]byte("X: y\r\n\r\nbody"), 5)
	f.Add([]byte("Status: 304\n\n"), 1)
	f.Add([]byte("Location: /x\n\nbody"), 1)
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		one, two := events(message.GET, string(b), len(b)+1), events(message.GET, string(b), max(1, piece&0xfff))
		if one != two {
			t.Errorf("%q, in pieces of %d %q", one, piece, two)
		}
	})
}

func TestElsewhere(t *testing.T) {
	for _, c := range []struct{ field, head, path string }{
		{"Location", "Location: /a?b", "/a"}, {"Location", "Location: http://x/", ""}, {"Location", "Status: 302\nLocation: /a", ""},
		{"", "Location: /a", ""}, {"X-Go", "X-Go: /a", "/a"}, {"X-Go", "Location: /a", ""}, {"Location", "Location: ", ""},
	} {
		x := new(exchange.Exchange)
		x.Chain = &exchange.Chain{CGI: &exchange.CGI{Elsewhere: c.field}}
		k := new(codec)
		k.AppendHead(nil, &attempt.Head{X: x, Worker: new(worker.Config)})
		if _, _, err := k.Read([]byte(c.head+"\n\n"), false); err != nil {
			t.Fatal(err)
		}
		path := ""
		if r, ok := x.Out.Instead.(*exchange.InternalRedirect); ok { //nolint:errorlint // as it was set
			path = string(r.Path)
			if !r.Get || !bytes.Equal(r.Query, []byte("b")) && r.HasQuery {
				t.Errorf("%q: %+v", c.head, r)
			}
		}
		if path != c.path {
			t.Errorf("%s, %q: %q, want %q", c.field, c.head, path, c.path)
		}
	}
}

// The head of a response without a body waits for the end, but not for one that never comes.
func TestEndless(t *testing.T) {
	x := new(exchange.Exchange)
	x.Req.Verb = message.HEAD
	c := new(codec)
	c.AppendHead(nil, &attempt.Head{X: x, Worker: new(worker.Config)})
	more := bytes.Repeat([]byte("x"), 16<<10)
	b := append([]byte("X: y\n\n"), more...)
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
