package ajp

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/worker"
)

func newExchange() *exchange.Exchange {
	x := &exchange.Exchange{Site: &exchange.Site{Name: "www.test"}, Client: &exchange.Client{
		Local: netip.MustParseAddrPort("192.0.2.1:80"), Remote: netip.MustParseAddrPort("192.0.2.9:1234"), PeerIP: []byte("192.0.2.9"),
	}}
	x.Req.Method, x.Req.Verb, x.Req.Version = []byte("GET"), message.GET, message.HTTP11
	x.Out.Target = []byte("/a")
	return x
}

// print makes the head of x.
func print(x *exchange.Exchange, c worker.Config, ping bool) ([]byte, *attempt.Head) {
	h := &attempt.Head{X: x, Worker: &c, Ping: ping}
	return new(codec).AppendHead(nil, h), h
}

// The whole packet of a plain request; test/diff compares all kinds with httpd's.
func TestRequest(t *testing.T) {
	x := newExchange()
	x.Req.Header.Add([]byte("Host"), []byte("a.test"))
	x.Req.Header.Add([]byte("X-A"), []byte("b"))
	b, h := print(x, worker.Config{Secret: "s"}, false)
	want := "\x12\x34\x00\x83\x02\x02" + str("HTTP/1.1") + str("/a") + str("192.0.2.9") + "\xff\xff" + str("www.test") + "\x00\x50\x00" +
		"\x00\x02\xa0\x0b" + str("a.test") + str("X-A") + str("b") + "\x0c" + str("s") +
		"\x0a" + str("AJP_REMOTE_PORT") + str("1234") + "\x0a" + str("AJP_LOCAL_ADDR") + str("192.0.2.1") + "\xff"
	if string(b) != want {
		t.Errorf("got\n%q, want\n%q", b, want)
	}
	if h.Refuse != "" || h.Held || !h.Body.Pull || h.Body.First != 0 {
		t.Errorf("%+v", h)
	}
}

// Credentials that were for this server as a proxy are not the container's.
func TestProxyCredentials(t *testing.T) {
	x := newExchange()
	x.Req.Header.Add([]byte("Proxy-Authorization"), []byte("Basic x"))
	if b, _ := print(x, worker.Config{}, false); !bytes.Contains(b, []byte("Basic x")) {
		t.Errorf("for another one: %q", b)
	}
	x.Req.Header.At(0).Flags |= message.Hop
	if b, _ := print(x, worker.Config{}, false); bytes.Contains(b, []byte("Basic x")) {
		t.Errorf("for this one: %q", b)
	}
}

func TestQuestion(t *testing.T) {
	x := newExchange()
	if b, h := print(x, worker.Config{}, true); string(b) != ping || !h.Held || !h.Again {
		t.Errorf("%q %+v", b, h)
	}
	x.Out.Target = bytes.Repeat([]byte("x"), minPacket)
	if b, h := print(x, worker.Config{}, true); len(b) > 0 || h.Refuse == "" || h.Held {
		t.Errorf("%q %+v", b, h)
	}
}

func TestBodyFrames(t *testing.T) {
	x := newExchange()
	for _, c := range []struct {
		body  message.Framing
		first bool
		added string
	}{
		{message.Framing{Kind: message.Length, Length: 7}, true, ""},
		{message.Framing{Kind: message.Length}, false, ""},
		{message.Framing{Kind: message.Chunked}, false, str("Transfer-Encoding") + str("chunked")},
	} {
		x.Req.Body = c.body
		b, h := print(x, worker.Config{Packet: 9000}, false)
		if first := h.Body.First > 0; first != c.first || h.Body.Most != 9216-6 || !strings.Contains(string(b), c.added) {
			t.Errorf("%v: %+v, %q", c.body, h.Body, b)
		}
	}
	c := new(codec)
	if got := string(c.AppendLead(nil, 0x1234)); got != "\x12\x34\x12\x36\x12\x34" {
		t.Errorf("lead: %q", got)
	}
	if got := string(c.AppendEnd(nil)); got != "\x12\x34\x00\x02\x00\x00" {
		t.Errorf("end: %q", got)
	}
}

func TestPacketSize(t *testing.T) {
	for buffer, want := range map[int32]int{0: 8192, 512: 8192, 8193: 9216, 20000: 20480, 65536: 65536, 1 << 30: 65536, 1<<31 - 1: 65536} {
		if got := packetSize(buffer); got != want {
			t.Errorf("%d: %d, want %d", buffer, got, want)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	x := newExchange()
	for _, f := range [][2]string{{"Host", "a.test"}, {"User-Agent", "x"}, {"Accept", "*/*"}, {"Accept-Charset", "x"}, {"X-A", "b"}, {"Cookie", "JSESSIONID=1.r"}} {
		x.Req.Header.Add([]byte(f[0]), []byte(f[1]))
	}
	x.Env.Set("AJP_one", []byte("1"))
	x.Notes.Set("session-route", []byte("r"))
	c, b := new(codec), make([]byte, 0, 4096)
	response := []byte(ok + chunk("body") + over)
	h, conf := new(attempt.Head), &worker.Config{Secret: "s"}
	n := testing.AllocsPerRun(100, func() {
		x.Arena.Reset(false)
		*h = attempt.Head{X: x, Worker: conf}
		b = c.AppendHead(b[:0], h)
		for at := 0; ; {
			n, e, err := c.Read(response[at:], false)
			if at += n; err != nil || e.Kind == attempt.End {
				return
			}
		}
	})
	if n > 0 {
		t.Errorf("%.0f allocations for a request", n)
	}
}

// FuzzRequest: a request is one packet of at most the size, or is refused.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/a?q", "X-A", "v", 1, "secret", int32(0))
	f.Add("PROPFIND", "/a", "accept-charset", "v", 5000, "", int32(9000))
	f.Add("x", "?", "cookie2", "", 70000, "", int32(1<<30))
	f.Fuzz(func(t *testing.T, method, target, name, value string, times int, secret string, size int32) {
		x := newExchange()
		x.Req.Method, x.Req.Verb, x.Out.Target = []byte(method), message.MethodOf([]byte(method)), []byte(target)
		x.Req.Header.Add([]byte(name), bytes.Repeat([]byte(value), times&0x1ffff/(len(value)+1)))
		x.Env.Set("AJP_"+name, []byte(value))
		size = max(0, size)
		b, h := print(x, worker.Config{Secret: secret, Packet: size}, false)
		switch {
		case h.Refuse != "" && len(b) == 0:
		case len(b) > packetSize(size) || int(binary.BigEndian.Uint16(b[2:])) != len(b)-headSize || b[len(b)-1] != attrEnd:
			t.Errorf("%d bytes, %q", len(b), b[:headSize])
		}
	})
}
