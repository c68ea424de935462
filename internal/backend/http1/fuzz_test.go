package http1

import (
	"fmt"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/worker"
)

// events reads a response that arrives in pieces of a size, and returns all its
// events, with the data in one piece.
func events(in []byte, size int, verb message.Method) string {
	x := &exchange.Exchange{}
	x.Req.Verb = verb
	c := new(codec)
	c.AppendHead(nil, &attempt.Head{X: x, Worker: &worker.Config{}})
	var out strings.Builder
	var data []byte
	buf, used, got := append([]byte(nil), in...), 0, 0
	tell := func(format string, args ...any) {
		if len(data) > 0 {
			fmt.Fprintf(&out, "data %q\n", data)
			data = nil
		}
		fmt.Fprintf(&out, format+"\n", args...)
	}
	for {
		n, e, err := c.Read(buf[used:got], got == len(buf))
		if n < 0 || n > got-used {
			panic("more was used than there is")
		}
		used += n
		switch {
		case err != nil:
			tell("%v", err)
			return out.String()
		case e.Kind == attempt.More && got == len(buf):
			tell("cut")
			return out.String()
		case e.Kind == attempt.More:
			got = min(got+size, len(buf))
		case e.Kind == attempt.Data:
			data = append(data, e.Data...)
		case e.Kind == attempt.End:
		default:
			tell("%d %d %d %v %q", e.Kind, x.Resp.Status, e.N, e.Last, e.Data)
		}
		if e.Kind == attempt.Switch || e.Kind == attempt.End || e.Last {
			reusable, idle := c.Done()
			tell("end %v %v, %d trailer fields, rest %q", reusable, idle, x.Resp.Trailer.Len(), buf[used:])
			return out.String()
		}
	}
}

// FuzzRead: a response means the same in whatever pieces it arrives.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloX", "HTTP/1.1 200 OK\r\n\r\nhello", "HTTP/1.1 204 No\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 H\r\nLink: a\r\n\r\nHTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX: y\r\n\r\nZ",
		"HTTP/1.1 101 Switch\r\nUpgrade: a\r\nConnection: upgrade\r\n\r\nbytes", "HTTP/1.0 200\n\nx", "HTTP/1.1 200 OK\r\nbad\r\n\r\n",
		"HTTP/1.1 304 N\r\nContent-Length: 7\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
	} {
		f.Add([]byte(s), uint8(1), uint8(message.GET))
		f.Add([]byte(s), uint8(7), uint8(message.HEAD))
	}
	f.Fuzz(func(t *testing.T, in []byte, size, verb uint8) {
		whole := events(in, len(in)+1, message.Method(verb%10))
		if got := events(in, int(size%64)+1, message.Method(verb%10)); got != whole {
			t.Fatalf("in pieces of %d:\n%s\nwhole:\n%s", size%64+1, got, whole)
		}
	})
}

// The frames of a request body contain exactly the body.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("hello world"), uint8(3))
	f.Fuzz(func(t *testing.T, body []byte, size uint8) {
		x := &exchange.Exchange{}
		x.Req.Body.Kind = message.Chunked
		c, h := new(codec), attempt.Head{X: x, Worker: &worker.Config{}}
		c.AppendHead(nil, &h)
		sent := []byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for rest := body; len(rest) > 0; {
			n := min(int(size)+1, len(rest))
			lead := c.AppendLead(nil, n)
			tail := c.AppendTail(nil, n)
			if len(lead) > h.Body.Lead || len(tail) > h.Body.Tail || h.Body.Lead > attempt.MaxLead {
				t.Fatalf("%q and %q are longer than was said", lead, tail)
			}
			sent = append(append(append(sent, lead...), rest[:n]...), tail...)
			rest = rest[n:]
		}
		sent = c.AppendEnd(sent)
		want := "4 200 -1 false \"\"\n"
		if len(body) > 0 {
			want += fmt.Sprintf("data %q\n", body)
		}
		want += "end true 0s, 0 trailer fields, rest \"\"\n"
		if got := events(sent, 10, message.GET); got != want {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	})
}
