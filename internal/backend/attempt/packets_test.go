package attempt_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// packets is a protocol like AJP: packets of a letter, a length of two bytes and
// their content. The proxy sends ? (a question before all else), H (head: "METHOD
// TARGET LENGTH") and B (at most 1000 body bytes; none is the end). Of a body
// whose length is known the first B follows at once, the others when the backend
// asks. The backend sends ! (the word), I (an interim status), S (a status), D
// (data), T (text), W (how many body bytes it wants) and E ("+": it keeps the
// connection).
type packets struct {
	x      *exchange.Exchange
	headed bool
	keep   bool
}

const mostData = 1000

var packetSpec = attempt.Spec{
	Module: "proxy_packets", NoConnect: "AH1", NoHead: "AH2", TextID: "AH3", PingText: "no word", TooLarge: 400, New: func() attempt.Codec { return new(packets) },
}

var (
	errPacket = errors.New("unknown packet")
	errSecond = errors.New("packet out of order")
)

func (c *packets) Begin(x *exchange.Exchange) bool {
	x.Out.Expect = false
	return false
}

func (c *packets) AppendHead(b []byte, h *attempt.Head) []byte {
	*c = packets{x: h.X}
	if h.X.Req.Header.Count(message.Range) > 0 {
		h.Refuse = "no ranges"
		return b
	}
	if h.Ping {
		h.Held, h.Again = true, true
		return packet(b, '?', "")
	}
	h.Body = attempt.Body{Lead: 3, Most: mostData, Pull: true}
	if n := length(c.x); n != "-" && n != "0" {
		h.Body.First = mostData
	}
	return packet(b, 'H', fmt.Sprintf("%s %s %s", c.x.Req.Method, c.x.Out.Target, length(c.x)))
}

// packet appends a whole one.
func packet(b []byte, letter byte, content string) []byte {
	b = append(b, letter)
	b = binary.BigEndian.AppendUint16(b, uint16(len(content)))
	return append(b, content...)
}

func (c *packets) AppendLead(b []byte, n int) []byte {
	return binary.BigEndian.AppendUint16(append(b, 'B'), uint16(n))
}
func (c *packets) AppendTail(b []byte, _ int) []byte { return b }
func (c *packets) AppendEnd(b []byte) []byte         { return packet(b, 'B', "") }

func (c *packets) Read(b []byte, _ bool) (int, attempt.Event, error) {
	size := 0
	if len(b) >= 3 {
		size = 3 + int(binary.BigEndian.Uint16(b[1:]))
	}
	switch {
	case len(b) == 0:
		return 0, attempt.Event{}, nil
	case size == 0 || len(b) < size:
		return 0, attempt.Event{Progress: attempt.Begun}, nil
	}
	p := b[3:size]
	n, isNumber := number(p)
	e := attempt.Event{N: int64(n), Data: p}
	switch letter := b[0]; {
	case letter == '!':
		e.Kind = attempt.Pong
	case letter == 'T':
		e.Kind = attempt.Text
	case letter == 'W' && isNumber:
		e.Kind = attempt.Want
	case (letter == 'S' || letter == 'I') && !c.headed && isNumber:
		c.x.Resp.Reset()
		c.x.Resp.Status, c.x.Resp.Version = n, message.HTTP11
		c.headed = letter == 'S'
		e = attempt.Event{Kind: attempt.Interim}
		if c.headed {
			e = attempt.Event{Kind: attempt.Headed, N: -1}
		}
	case letter == 'D' && c.headed:
		e.Kind = attempt.Data
	case letter == 'E' && c.headed:
		c.keep = string(p) == "+"
		e = attempt.Event{Kind: attempt.End}
	case letter == 'S' || letter == 'I' || letter == 'D' || letter == 'E':
		return 0, e, errSecond
	default:
		return 0, e, errPacket
	}
	return size, e, nil
}

func (c *packets) Probe(b []byte) error {
	if len(b) > 0 && b[0] == 'X' {
		return errPacket
	}
	return nil
}
func (c *packets) Splice(int64) int64          { return 0 }
func (c *packets) Done() (bool, time.Duration) { return c.keep, 0 }

// p makes packets of words: a letter and its content each.
func p(words ...string) string {
	var b []byte
	for _, w := range words {
		b = packet(b, w[0], w[1:])
	}
	return string(b)
}

// take reads the packets want. What comes of a body is as much as had arrived:
// the backend asks for the rest.
func take(c io.ReadWriter, want string) error {
	for want != "" {
		n := 3 + int(binary.BigEndian.Uint16([]byte(want[1:])))
		w := want[:n]
		want = want[n:]
		for got := ""; got != w; {
			var head [3]byte
			if _, err := io.ReadFull(c, head[:]); err != nil {
				return fmt.Errorf("%.40q of %.40q: %w", got, w, err)
			}
			content := make([]byte, binary.BigEndian.Uint16(head[1:]))
			if _, err := io.ReadFull(c, content); err != nil {
				return fmt.Errorf("%.40q of %.40q: %w", got, w, err)
			}
			if got != "" {
				got = got[3:]
			}
			got = packetOf(head[0], got+string(content))
			if got == w {
				break
			}
			if head[0] != 'B' || len(content) == 0 || w[0] != 'B' || len(got) > len(w) || got[3:] != w[3:len(got)] {
				return fmt.Errorf("got %.40q, want %.40q", got, w)
			}
			if _, err := io.WriteString(c, p(fmt.Sprintf("W%d", len(w)-len(got)))); err != nil {
				return err
			}
		}
	}
	return nil
}

func packetOf(letter byte, content string) string { return string(packet(nil, letter, content)) }

var done = p("S200", "Dok", "E+")

var packetCases = []play{
	{name: "packets: a request without a body", spec: &packetSpec, send: getHead, backend: says(p("HGET /a 0"), done),
		status: 200, body: "ok", again: p("HGET /b 0")},
	{name: "packets: the end says that the connection goes", spec: &packetSpec, send: getHead, backend: says(p("HGET /a 0"), p("S200", "E-")),
		status: 200, fresh: p("HGET /b 0")},
	{name: "packets: the first packet is sent at once", spec: &packetSpec, send: postHead(5) + "hello",
		backend: says(p("HPOST /a 5", "Bhello"), p("W1000"), p("B"), done), status: 200, body: "ok", again: p("HGET /b 0")},
	{name: "packets: the first packet waits for the client", spec: &packetSpec, send: postHead(5), then: "hello", pause: 20 * time.Second,
		backend: says(p("HPOST /a 5", "Bhello"), p("W1000"), p("B"), done), status: 200, body: "ok", again: p("HGET /b 0")},
	{name: "packets: each one is asked for", spec: &packetSpec, send: postHead(2500) + long[:1200], then: long[1200:2500], pause: 35 * time.Second,
		backend: says(p("HPOST /a 2500", "B"+long[:1000]), p("W1000"), p("B"+long[1000:1200]), p("W700"), p("B"+long[1200:1900]),
			p("W1000"), p("B"+long[1900:2500]), p("W1000"), p("B"), done), status: 200, body: "ok", again: p("HGET /b 0")},
	{name: "packets: nothing is sent unasked without a length", spec: &packetSpec, send: chunkedHead + "5\r\nhello\r\n", then: "3\r\nyou\r\n0\r\n\r\n",
		pause: 35 * time.Second, backend: says(p("HPOST /a -"), p("W1000"), p("Bhello"), p("W1000"), p("Byou"), p("W1"), p("B"), done),
		status: 200, body: "ok", again: p("HGET /b 0")},
	{name: "packets: a body that nobody asks for", spec: &packetSpec, whole: true, send: chunkedHead + "5\r\nhello\r\n0\r\n\r\n",
		backend: says(p("HPOST /a 5", "Bhello"), done), status: 200, body: "ok", again: p("HGET /b 0")},
	{name: "packets: the response is begun while the body is asked for", spec: &packetSpec, send: postHead(1500) + long[:1000], then: long[1000:1500],
		pause: 35 * time.Second, backend: says(p("HPOST /a 1500", "B"+long[:1000]), p("S200", "Dhalf", "W1000"), p("B"+long[1000:1500]), p("Dwhole", "E+")),
		status: 200, body: "halfwhole", again: p("HGET /b 0")},
	{name: "packets: a response while the client is waited for", spec: &packetSpec, send: postHead(1500) + long[:1000],
		backend: says(p("HPOST /a 1500", "B"+long[:1000]), p("W1000")+after5s+p("S403", "E+")), status: 403},
	{name: "packets: a client that stays silent", spec: &packetSpec, send: postHead(1500) + long[:1000],
		backend: says(p("HPOST /a 1500", "B"+long[:1000]), p("W1000")+silent), status: 408, fault: "client read-body: timeout"},
	{name: "packets: asked twice", spec: &packetSpec, send: postHead(1500) + long[:1000],
		backend: says(p("HPOST /a 1500", "B"+long[:1000]), p("W1000", "W1000")+silent), status: 502, fault: "backend read-head: malformed"},
	{name: "packets: asked for nothing", spec: &packetSpec, send: postHead(5) + "hello",
		backend: says(p("HPOST /a 5", "Bhello"), p("W0")+silent), status: 502, fault: "backend read-head: malformed"},
	{name: "packets: silence after the body", spec: &packetSpec, send: postHead(5), then: "hello", pause: 35 * time.Second,
		backend: says(p("HPOST /a 5", "Bhello"), silent), status: 504, fault: "backend await-head: timeout", id: "AH2"},
	{name: "packets: interim responses", spec: &packetSpec, send: getHead, backend: says(p("HGET /a 0"), p("I103", "Tmind", "S200", "E+")),
		status: 200, interims: 1, log: "AH3: worker test://backend (192.0.2.9:80): Got error 'mind'", again: p("HGET /b 0")},
	{name: "packets: too many interim responses", spec: &packetSpec, send: getHead,
		backend: says(p("HGET /a 0"), p("I103", "I103", "I103", "I103", "I103", "I103", "I103", "I103", "I103", "I103", "I103")),
		status:  502, interims: 10, fault: "backend read-head: malformed"},
	{name: "packets: the body came before the head", spec: &packetSpec, send: getHead, backend: says(p("HGET /a 0"), p("Dx")),
		status: 502, fault: "backend read-head: malformed"},
	{name: "packets: a cut response", spec: &packetSpec, send: getHead, backend: says(p("HGET /a 0"), p("S200", "Dhello")),
		status: 200, body: "hello", cut: true, fault: "backend read-response: closed"},
	{name: "packets: a second head", spec: &packetSpec, send: getHead, backend: says(p("HGET /a 0"), p("S200", "Dhello"), "", p("S200")),
		status: 200, body: "hello", cut: true, fault: "backend read-response: malformed"},
	{name: "packets: a packet that lasts for ever", spec: &packetSpec, send: getHead, drip: true, backend: says(p("HGET /a 0"), p("D"+long[:60])),
		status: 504, fault: "backend await-head: timeout", id: "AH2"},
	{name: "packets: more behind the end", spec: &packetSpec, send: getHead, backend: says(p("HGET /a 0"), done+"x"),
		status: 200, body: "ok", fresh: p("HGET /b 0")},
	{name: "packets: the word is given", spec: &packetSpec, ping: true, send: postHead(5) + "hello",
		backend: says(p("?"), p("!"), p("HPOST /a 5", "Bhello"), done), status: 200, body: "ok"},
	{name: "packets: the word is given, and the connection cut", spec: &packetSpec, ping: true, send: getHead,
		backend: says(p("?"), p("!"), p("HGET /a 0"), ""), status: 502, fault: "backend await-head: closed"},
	{name: "packets: garbage for the word", spec: &packetSpec, ping: true, send: postHead(5) + "hello",
		backend: says(p("?"), p("Z")+silent), status: 503, fault: "backend read-head: malformed", tries: 2},
	{name: "packets: half a word", spec: &packetSpec, ping: true, send: postHead(5) + "hello",
		backend: says(p("?"), p("!")[:2]+silent), status: 503, fault: "backend await-head: timeout", tries: 2},
	{name: "packets: a request that cannot be sent", spec: &packetSpec, send: "GET /a HTTP/1.1\r\nHost: x\r\nRange: x\r\n\r\n",
		status: 400, fault: "client send-request"},
	{name: "packets: one that is not even asked about", spec: &packetSpec, ping: true, send: "GET /a HTTP/1.1\r\nHost: x\r\nRange: x\r\n\r\n",
		status: 400, fault: "client send-request"},
	{name: "packets: asked again and again after the end", spec: &packetSpec, send: getHead,
		backend: says(p("HGET /a 0"), p("W1"), p("B"), p("W1"), p("B"), p("W1"), p("B"), p("W1")+silent),
		status:  502, fault: "backend read-head: malformed"},
	{name: "packets: no word", spec: &packetSpec, ping: true, send: postHead(5) + "hello",
		backend: says(p("?"), silent), status: 503, fault: "backend await-head: timeout", tries: 2},
}
