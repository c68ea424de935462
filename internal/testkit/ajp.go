package testkit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit/ports"
)

// The types of AJP packet (AJP/1.3): to the container, then from it.
const (
	ajpForward = 2
	ajpPing    = 10

	ajpChunk   = 3
	ajpHeaders = 4
	ajpEnd     = 5
	ajpWant    = 6
	ajpPong    = 9
)

// NewAJPOrigin starts an origin that speaks AJP/1.3, as a servlet container does. A Request has the method's code, the
// protocol and the path in its Line. Its Fields are the rest of the packet in its order: what each string is, then
// the header with coded names in brackets, then the attributes, which begin with @. In an answer
//
//	respond, head and echo   are a packet of headers, with codes where there are some; respond and echo also the body and the end
//	write TEXT, file NAME    are one packet of the body; an empty one means flush
//	want [N]                 requests a packet of the body and reads it
//	readbody                 requests the rest of the body
//	end [REUSE]              is the end of the response; without one it follows the last step, with REUSE 1
//	packet TEXT              is a packet with any content
//	raw TEXT                 are bytes outside of any packet
//	ping [STEP]...           as first word: the answer to CPING, instead of CPONG
func NewAJPOrigin(t testing.TB) *Origin {
	t.Helper()
	ln, p, err := ports.Listen()
	if err != nil {
		t.Fatalf("origin: %v", err)
	}
	t.Cleanup(p.Release)
	return newProgram(t, ln, (*originConn).ajp)
}

// ajpRequest is the request that a connection is at.
type ajpRequest struct {
	*Request
	length int64 // of the body; -1: not known
	ended  bool  // the end of the response was sent
}

// ajp reads one packet that begins something, and plays the answer to it.
func (c *originConn) ajp() error {
	content, err := c.packet()
	if err != nil {
		return err
	}
	if len(content) == 1 && content[0] == ajpPing {
		return c.ajpPong()
	}
	r, err := parseForward(content)
	if err != nil {
		return err
	}
	r.Conn = c.n
	r.Complete = r.length == 0
	c.o.locked(func() { c.o.reqs = append(c.o.reqs, r.Request) })
	path := r.Line[strings.LastIndexByte(r.Line, ' ')+1:]
	answer := c.o.pick("AJP " + path)
	early := len(answer) > 0 && answer[0].kind == "early"
	if !early {
		if err := c.firstChunk(r); err != nil {
			return err
		}
	}
	c.batch = true
	for i := range answer {
		if err := c.playAJP(&answer[i], r); err != nil {
			return err
		}
	}
	if !r.ended {
		if err := c.endAJP(1); err != nil {
			return err
		}
	}
	return c.flush()
}

// ajpPong answers CPING by what the next answer begins with.
func (c *originConn) ajpPong() error {
	c.batch = false
	answer := c.o.peek("AJP CPING")
	if len(answer) == 0 || answer[0].kind != "ping" {
		return c.sendPacket([]byte{ajpPong})
	}
	for _, word := range answer[0].list {
		switch {
		case word == "close":
			return errEnded
		case word == "none":
			<-c.stop
			return errEnded
		default:
			if err := c.write(word); err != nil {
				return err
			}
		}
	}
	return nil
}

// peek is pick for something that uses up no answer.
func (o *Origin) peek(line string) (a Answer) {
	_, target, _ := strings.Cut(line, " ")
	o.locked(func() {
		var ok bool
		switch a, ok = o.path[target]; {
		case ok:
		case len(o.next) > 0:
			a = o.next[0]
		default:
			a = o.def
		}
	})
	return a
}

// packet reads a packet for a container.
func (c *originConn) packet() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(c.w.br, head[:]); err != nil {
		return nil, err
	}
	if head[0] != 0x12 || head[1] != 0x34 {
		return nil, fmt.Errorf("no AJP packet: % x", head)
	}
	content := make([]byte, binary.BigEndian.Uint16(head[2:]))
	_, err := io.ReadFull(c.w.br, content)
	return content, err
}

// sendPacket writes a packet of a container.
func (c *originConn) sendPacket(content []byte) error {
	head := binary.BigEndian.AppendUint16([]byte("AB"), uint16(len(content)))
	return c.write(string(head) + string(content))
}

func (c *originConn) endAJP(reuse byte) error { return c.sendPacket([]byte{ajpEnd, reuse}) }

// firstChunk reads the packet of the body that comes by itself where there is a length.
func (c *originConn) firstChunk(r *ajpRequest) error {
	if r.length <= 0 || r.Complete {
		return nil
	}
	return c.chunkAJP(r)
}

// chunkAJP reads one packet of the body.
func (c *originConn) chunkAJP(r *ajpRequest) error {
	content, err := c.packet()
	if err == nil {
		if len(content) < 2 || int(binary.BigEndian.Uint16(content)) != len(content)-2 {
			err = errors.New("an AJP packet of the body with a wrong length")
		} else {
			content = content[2:]
		}
	}
	c.o.locked(func() {
		if r.Err = err; err != nil {
			return
		}
		r.Body = append(r.Body, content...)
		r.Complete = len(content) == 0 || r.length >= 0 && int64(len(r.Body)) >= r.length
	})
	return err
}

// wantAJP requests a packet of at most n bytes of the body and reads it.
func (c *originConn) wantAJP(r *ajpRequest, n int) error {
	if err := c.sendPacket(binary.BigEndian.AppendUint16([]byte{ajpWant}, uint16(n))); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	return c.chunkAJP(r)
}

const ajpMost = 8186 // what a packet of the usual size has room for

// restAJP reads the body to its end.
func (c *originConn) restAJP(r *ajpRequest) error {
	if len(r.Body) == 0 {
		if err := c.firstChunk(r); err != nil {
			return err
		}
	}
	for !r.Complete {
		if err := c.wantAJP(r, ajpMost); err != nil {
			return err
		}
	}
	return nil
}

func (c *originConn) playAJP(s *step, r *ajpRequest) error {
	switch s.kind {
	case "ping", "early":
		return nil
	case "respond", "head", "echo":
		return c.respondAJP(s, r)
	case "write":
		return c.bodyAJP(s.text)
	case "packet":
		return c.sendPacket([]byte(s.text))
	case "raw":
		return c.write(s.text)
	case "readbody":
		return c.restAJP(r)
	case "want":
		n := ajpMost
		if len(s.list) > 0 {
			n, _ = strconv.Atoi(s.list[0])
		}
		return c.wantAJP(r, n)
	case "end":
		reuse := 1
		if len(s.list) > 0 {
			reuse, _ = strconv.Atoi(s.list[0])
		}
		r.ended = true
		return c.endAJP(byte(reuse))
	}
	if err := c.flush(); err != nil {
		return err
	}
	return c.play(s, r.Request, nil)
}

// respondAJP writes headers, and of a whole response also body and end, after the request was read.
func (c *originConn) respondAJP(s *step, r *ajpRequest) error {
	if s.kind == "head" {
		return c.sendPacket(s.ajpHead())
	}
	if err := c.restAJP(r); err != nil {
		return err
	}
	e := *s
	if s.kind == "echo" {
		e = step{kind: "respond", code: 200, reason: "OK", text: r.Echo()}
	}
	bodiless := e.code == 204 || e.code == 304
	if len(Lookup(e.fields, "Content-Type")) == 0 && !bodiless {
		e.fields = append(e.fields, Field{"Content-Type", "text/plain"})
	}
	if err := c.sendPacket(e.ajpHead()); err != nil {
		return err
	}
	if !bodiless && !strings.HasPrefix(r.Line, "AJP 3 ") {
		if err := c.bodyAJP(e.text); err != nil {
			return err
		}
	}
	r.ended = true
	return c.endAJP(1)
}

// bodyAJP writes text in as many packets as it takes.
func (c *originConn) bodyAJP(text string) error {
	const most = 8184
	for {
		n := min(most, len(text))
		p := binary.BigEndian.AppendUint16([]byte{ajpChunk}, uint16(n))
		if err := c.sendPacket(append(append(p, text[:n]...), 0)); err != nil {
			return err
		}
		if text = text[n:]; text == "" {
			return nil
		}
	}
}

// ajpResponseNames are the codes from A001 on.
var ajpResponseNames = []string{
	"Content-Type", "Content-Language", "Content-Length", "Date", "Last-Modified", "Location", "Set-Cookie", "Set-Cookie2",
	"Servlet-Engine", "Status", "WWW-Authenticate",
}

// ajpHead makes the packet of headers. A name that begins with = is written out.
func (s *step) ajpHead() []byte {
	b := binary.BigEndian.AppendUint16([]byte{ajpHeaders}, uint16(s.code))
	b = ajpString(b, s.reason)
	b = binary.BigEndian.AppendUint16(b, uint16(len(s.fields)))
	for _, f := range s.fields {
		name, coded := f.Name, uint16(0)
		for i, n := range ajpResponseNames {
			if strings.EqualFold(n, name) {
				coded = 0xA001 + uint16(i)
			}
		}
		if coded != 0 {
			b = binary.BigEndian.AppendUint16(b, coded)
		} else {
			b = ajpString(b, strings.TrimPrefix(name, "="))
		}
		b = ajpString(b, f.Value)
	}
	return b
}

func ajpString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(append(b, s...), 0)
}
