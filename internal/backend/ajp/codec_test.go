package ajp

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/testkit/codecs"
	"github.com/headgate/headgate/internal/worker"
)

// packet makes a container's packet.
func packet(content string) string {
	return string(binary.BigEndian.AppendUint16([]byte("AB"), uint16(len(content)))) + content
}

// str makes a string of a packet.
func str(s string) string { return string(appendString(nil, s)) }

// head makes the content of a packet of headers. Names of two bytes that begin with a code are not strings.
func head(status int, reason string, fields ...string) string {
	b := string(binary.BigEndian.AppendUint16([]byte{sendHeaders}, uint16(status))) + str(reason)
	b += string(binary.BigEndian.AppendUint16(nil, uint16(len(fields)/2)))
	for i := 0; i < len(fields); i += 2 {
		if name := fields[i]; len(name) == 2 && name[0] == 0xA0 {
			b += name + str(fields[i+1])
		} else {
			b += str(name) + str(fields[i+1])
		}
	}
	return b
}

func chunk(data string) string {
	return packet(string(binary.BigEndian.AppendUint16([]byte{bodyChunk}, uint16(len(data)))) + data + "\x00")
}

func want(n int) string { return packet(string([]byte{getBodyChunk, byte(n >> 8), byte(n)})) }

var (
	ok   = packet(head(200, "OK", "\xa0\x01", "text/plain"))
	over = packet("\x05\x01")
	gone = packet("\x05\x00")
)

// newCodec begins an attempt of a GET.
func newCodec() *codec {
	c := new(codec)
	c.reset(&attempt.Head{X: new(exchange.Exchange), Worker: new(worker.Config)}, minPacket)
	c.x.Req.Verb = message.GET
	return c
}

// events reads b in pieces and prints the events.
func events(c *codec, b string, piece int) string {
	return codecs.Events(c, func() string { return strconv.Itoa(c.x.Resp.Status) }, b, piece, false)
}

func TestResponses(t *testing.T) {
	for _, c := range []struct{ name, bytes, want string }{
		{"plain", ok + chunk("body") + over, "200 body end"},
		{"chunks", ok + chunk("one") + chunk("") + chunk("two") + over, "200 onetwo end"},
		{"no body", ok + over, "200 last"},
		{"the head waits", ok, "more"},
		{"a flush sends it", ok + chunk(""), "200 more"},
		{"a flush before it", chunk("") + ok + chunk("x") + over, "200 x end"},
		{"wants", want(10) + ok + want(3) + chunk("x") + want(0) + over, "want10 200 want3 xwant65536  end"},
		{"the other magic", "\x12\x34" + ok[2:] + chunk("x") + over, "200 x end"},
		{"a null reason", packet("\x04\x01\x94\xff\xff\x00\x00") + over, "404 last"},
		{"a status out of range", packet(head(42, "x")) + over, "500 last"},
		{"interim", packet(head(100, "x")) + over, "error: " + string(errStatus)},
		{"magic", "AC", "error: " + string(errMagic)},
		{"nothing", "AB\x00\x00", "error: " + string(errEmpty)},
		{"size", "AB\x1f\xfd", "error: " + string(errSize)},
		{"kind", packet("\x63"), "error: " + string(errKind)},
		{"pong", packet("\x09"), "error: " + string(errKind)},
		{"end", over, "error: " + string(errEarly)},
		{"body", chunk("x"), "error: " + string(errEarly)},
		{"twice", ok + ok, "200 error: " + string(errTwice)},
		{"twice later", ok + chunk("x") + ok, "200 xerror: " + string(errTwice)},
		{"short end", ok + packet("\x05"), "error: " + string(errShort)},
		{"short want", packet("\x06\x01"), "error: " + string(errShort)},
		{"short head", packet("\x04\x00") + over, "error: " + string(errShort)},
		{"short reason", packet("\x04\x00\xc8\x00\x09x\x00\x00\x00") + over, "error: " + string(errShort)},
		{"short fields", packet(head(200, "x")[:6]+"\x00\x02") + over, "error: " + string(errShort)},
		{"a chunk too long", ok + packet("\x03\x00\x09abc\x00"), "200 error: " + string(errChunk)},
		{"a chunk too short", ok + packet("\x03\x00\x01abc\x00"), "200 error: " + string(errChunk)},
		{"a code", packet(head(200, "x", "\xa0\x0c", "v")) + over, "error: " + string(errCode)},
		{"a name", packet(head(200, "x", "A B", "v")) + over, "error: " + string(errName)},
		{"no name", packet(head(200, "x", "", "v")) + over, "error: " + string(errName)},
		{"a value", packet(head(200, "x", "A", "v\r\nB: c")) + over, "error: " + string(errValue)},
		{"a zero", packet(head(200, "x", "A", "v\x00")) + over, "error: " + string(errValue)},
		{"a reason", packet(head(200, "x\nB: c")) + over, "error: " + string(errValue)},
		{"cut", ok + chunk("body")[:9], "200 bomore"},
	} {
		for _, piece := range []int{1, 3, 8, 1 << 20} {
			got := events(newCodec(), c.bytes, piece)
			got = strings.Replace(got, "200  end", "200 last", 1)
			if got != c.want {
				t.Errorf("%s in pieces of %d: %q, want %q", c.name, piece, got, c.want)
			}
		}
	}
}

// The head of a response without a body waits for the end, and what comes in between is dropped.
func TestSilent(t *testing.T) {
	for _, end := range []string{over, gone} {
		c := newCodec()
		c.x.Req.Verb = message.HEAD
		if got := events(c, ok+chunk("body"), 4); got != "more" {
			t.Errorf("before the end: %q", got)
		}
		c.reset(&attempt.Head{X: c.x}, minPacket)
		if got := events(c, ok+chunk("body")+end, 4); got != "200 last" {
			t.Errorf("after it: %q", got)
		}
		if v, _ := c.x.Resp.Header.Get(message.ContentType); string(v) != "text/plain" {
			t.Errorf("Content-Type: %q", v)
		}
		if reusable, _ := c.Done(); reusable != (end == over) {
			t.Errorf("reusable: %v", reusable)
		}
	}
	for _, status := range []int{204, 304} {
		if got := events(newCodec(), packet(head(status, ""))+chunk("x")+over, 5); got != fmt.Sprint(status, " last") {
			t.Errorf("%d: %q", status, got)
		}
	}
}

// What a container can send for ever is bounded.
func TestFloods(t *testing.T) {
	if got := events(newCodec(), strings.Repeat(chunk(""), 1000), 1<<20); got != "error: "+string(errEarly) {
		t.Errorf("flushes before the head: %q", got)
	}
	c := newCodec()
	c.x.Req.Verb = message.HEAD
	if got := events(c, ok+strings.Repeat(chunk(strings.Repeat("x", 8000)), 1000), 1<<20); got != "200 last" {
		t.Errorf("a body after HEAD: %q", got)
	}
	if reusable, _ := c.Done(); reusable {
		t.Error("reusable before the end")
	}
}

// A length counts only where the configuration trusts it.
func TestLength(t *testing.T) {
	with := packet(head(200, "", "\xa0\x03", "4"))
	for _, c := range []struct{ bytes, plain, trusted string }{
		{with + chunk("body") + over, "200 body end", "200 body end"},
		{with + chunk("bo") + chunk("dy") + over, "200 body end", "200 body end"},
		{with + chunk("bodyx") + over, "200 bodyx end", "200 error: " + string(errLength)},
		{with + chunk("bod") + over, "200 bod end", "200 boderror: " + string(errLength)},
	} {
		if got := events(newCodec(), c.bytes, 1<<20); got != c.plain {
			t.Errorf("%q, want %q", got, c.plain)
		}
		x := newCodec()
		x.x.Env.Set("ap_trust_cgilike_cl", nil)
		if got := events(x, c.bytes, 1<<20); got != c.trusted {
			t.Errorf("trusted: %q, want %q", got, c.trusted)
		}
	}
}

func TestPing(t *testing.T) {
	for bytes, want := range map[string]string{
		packet("\x09"):                "pong more",
		packet("\x09") + ok + over:    "pong 200 last",
		packet("\x09\x00"):            "error: " + string(errPong),
		ok:                            "error: " + string(errPong),
		chunk("x"):                    "error: " + string(errPong),
		packet("\x09") + over:         "pong error: " + string(errEarly),
		packet("\x09") + packet("\t"): "pong error: " + string(errKind),
	} {
		c := newCodec()
		c.pinging = true
		if got := events(c, bytes, 1<<20); got != want {
			t.Errorf("%q: %q, want %q", bytes, got, want)
		}
	}
}

func TestProbe(t *testing.T) {
	c := newCodec()
	b := []byte(ok + chunk("one"))
	n, e, err := c.Read(b, false)
	if err != nil || e.Kind != attempt.Headed {
		t.Fatal(e, err)
	}
	for after, bad := range map[string]bool{
		"": false, over: false, "AB": false, want(3) + "garbage": false, chunk("two"): false, "HTTP": true, ok: true, packet("\x63"): true,
	} {
		if err := c.Probe(append(b[n:len(b):len(b)], after...)); (err != nil) != bad {
			t.Errorf("%q: %v", after, err)
		}
	}
}

// FuzzRead: a response is read alike whatever its pieces are, nothing is read beyond its end, and its head cannot
// end a line.
func FuzzRead(f *testing.F) {
	f.Add([]byte(ok+chunk("body")+over+over), 5)
	f.Add([]byte(want(7)+packet(head(404, "no", "X-A", "b", "\xa0\x07", "c=d"))+chunk("")+chunk("x")+gone), 1)
	f.Add([]byte(packet(head(200, "", "\xa0\x03", "1"))+over), 2)
	f.Add([]byte("HTTP/1.1 200 OK\r\n\r\n"), 2)
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		piece = max(1, piece&0xfff)
		read := func(piece int) (*codec, string) {
			c := newCodec()
			s := events(c, string(b), piece)
			// Where the pieces end the engine learns of a head before it learns that nothing follows.
			if strings.HasSuffix(s, "  end") {
				s = strings.TrimSuffix(s, " end") + "last"
			}
			return c, s
		}
		c, one := read(len(b) + 1)
		if _, two := read(piece); one != two {
			t.Errorf("%q, in pieces of %d %q", one, piece, two)
		}
		if !c.headed {
			return
		}
		for _, r := range c.x.Resp.Header.Rows() {
			if strings.ContainsAny(string(r.Name)+string(r.Value), "\r\n\x00") || len(r.Name) == 0 {
				t.Errorf("field %q: %q", r.Name, r.Value)
			}
		}
		if strings.ContainsAny(string(c.x.Resp.Reason), "\r\n\x00") || c.x.Resp.Status < 200 || c.x.Resp.Status > 999 {
			t.Errorf("%d %q", c.x.Resp.Status, c.x.Resp.Reason)
		}
	})
}
