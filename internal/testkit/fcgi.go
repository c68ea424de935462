package testkit

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sort"
	"strings"
	"testing"
)

// The kinds of FastCGI record (FastCGI specification, section 8).
const (
	fcgiBegin  = 1
	fcgiEnd    = 3
	fcgiParams = 4
	fcgiStdin  = 5
	fcgiStdout = 6
	fcgiStderr = 7
)

// NewFCGIOrigin starts an origin that speaks FastCGI. A Request has the role and the flag in its Line, and the
// variables, sorted by name, as Fields. In an answer
//
//	respond, head and echo   are standard output: Status instead of a status line, no Content-Length
//	write TEXT, file NAME    are one record of standard output
//	stderr TEXT              is one record of standard error
//	end [APP [PROTOCOL]]     is the end of the request; without one it follows the last step
//	raw TEXT                 are bytes outside of any record
func NewFCGIOrigin(t testing.TB) *Origin { return programOrigin(t, (*originConn).fcgi) }

// newProgram starts an origin with a different protocol.
func newProgram(t testing.TB, ln net.Listener, speak func(*originConn) error) *Origin {
	t.Helper()
	o := makeOrigin(ln)
	o.speak = speak
	o.start(t)
	return o
}

// fcgi reads one FastCGI request and plays its answer.
func (c *originConn) fcgi() error {
	r := &Request{Conn: c.n, Framing: ByLength}
	var params []byte
	for open := true; open; {
		kind, content, err := c.record()
		if err != nil {
			return err
		}
		switch {
		case kind == fcgiBegin && len(content) == 8:
			r.Line = fmt.Sprintf("FCGI role=%d keep=%d", binary.BigEndian.Uint16(content), content[2])
		case kind == fcgiParams && len(content) == 0:
			open = false
		case kind == fcgiParams:
			params = append(params, content...)
		default:
			return fmt.Errorf("FastCGI record of type %d before the parameters ended", kind)
		}
	}
	r.Fields = fcgiPairs(params)
	c.o.locked(func() { c.o.reqs = append(c.o.reqs, r) })
	line := "GET /"
	if uri := Lookup(r.Fields, "REQUEST_URI"); len(uri) > 0 {
		line = "GET " + uri[0]
	}
	answer := c.o.pick(line)
	if len(answer) == 0 || answer[0].kind != "early" {
		if err := c.fcgiBody(r); err != nil {
			return err
		}
	}
	ended := false
	c.batch = true
	for i := range answer {
		ended = ended || answer[i].kind == "end"
		if err := c.playFCGI(&answer[i], r); err != nil {
			return err
		}
	}
	if err := c.fcgiBody(r); err != nil {
		return err
	}
	if !ended {
		if err := c.send(fcgiEnd, make([]byte, 8)); err != nil {
			return err
		}
	}
	if err := c.flush(); err != nil {
		return err
	}
	if strings.HasSuffix(r.Line, "keep=0") {
		return errEnded
	}
	return nil
}

// fcgiBody reads standard input to its end.
func (c *originConn) fcgiBody(r *Request) error {
	if !r.Complete {
		if err := c.flush(); err != nil {
			return err
		}
	}
	for !r.Complete {
		kind, content, err := c.record()
		c.o.locked(func() {
			r.Err = err
			r.Body = append(r.Body, content...)
			r.Complete = err == nil && kind == fcgiStdin && len(content) == 0
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// record reads one record.
func (c *originConn) record() (kind byte, content []byte, err error) {
	var head [8]byte
	if _, err = io.ReadFull(c.w.br, head[:]); err != nil {
		return 0, nil, err
	}
	content = make([]byte, int(binary.BigEndian.Uint16(head[4:]))+int(head[6]))
	if _, err = io.ReadFull(c.w.br, content); err != nil {
		return 0, nil, err
	}
	return head[1], content[:len(content)-int(head[6])], nil
}

// send writes one record, with padding.
func (c *originConn) send(kind byte, content []byte) error {
	head := [8]byte{1, kind, 0, 1, 0, 0, byte(-len(content)) & 7}
	binary.BigEndian.PutUint16(head[4:], uint16(len(content)))
	return c.write(string(head[:]) + string(content) + strings.Repeat("\x00", int(head[6])))
}

// stdout writes text in as many records as it takes.
func (c *originConn) stdout(text string) error {
	const most = 65528
	for ; len(text) > most; text = text[most:] {
		if err := c.send(fcgiStdout, []byte(text[:most])); err != nil {
			return err
		}
	}
	return c.send(fcgiStdout, []byte(text))
}

func (c *originConn) playFCGI(s *step, r *Request) error {
	switch s.kind {
	case "respond", "head":
		return c.stdout(s.cgi())
	case "echo":
		e := step{kind: "respond", code: 200, reason: "OK", text: r.Echo()}
		return c.stdout(e.cgi())
	case "write":
		return c.send(fcgiStdout, []byte(s.text))
	case "stderr":
		return c.send(fcgiStderr, []byte(s.text))
	case "raw":
		return c.write(s.text)
	case "readbody":
		return c.fcgiBody(r)
	case "end":
		content := make([]byte, 8)
		for i, word := range s.list {
			n := 0
			_, _ = fmt.Sscan(word, &n)
			content[3+i] = byte(n)
		}
		return c.send(fcgiEnd, content)
	}
	if err := c.flush(); err != nil {
		return err
	}
	return c.play(s, r, nil)
}

// cgi prints a respond or head step as a program's output (RFC 3875 section 6).
func (s *step) cgi() string {
	var b strings.Builder
	if s.code != 200 || s.kind == "head" {
		fmt.Fprintf(&b, "Status: %d %s\r\n", s.code, s.reason)
	}
	for _, f := range s.fields {
		fmt.Fprintf(&b, "%s\r\n", f)
	}
	if s.kind == "respond" && len(Lookup(s.fields, "Content-Type")) == 0 {
		b.WriteString("Content-Type: text/plain\r\n")
	}
	return b.String() + "\r\n" + s.text
}

// fcgiPairs reads the variables of a request. Those that differ between machines lose their value.
func fcgiPairs(b []byte) (fs []Field) {
	size := func() int {
		if len(b) >= 4 && b[0] >= 0x80 {
			n := binary.BigEndian.Uint32(b) &^ (1 << 31)
			b = b[4:]
			return int(n)
		}
		if len(b) == 0 {
			return 0
		}
		n := b[0]
		b = b[1:]
		return int(n)
	}
	for len(b) > 0 {
		name, value := size(), size()
		if name+value > len(b) {
			return append(fs, Field{"(malformed)", ""})
		}
		fs = append(fs, maskVariable(string(b[:name]), string(b[name:name+value])))
		b = b[name+value:]
	}
	sortFields(fs)
	return fs
}

func sortFields(fs []Field) {
	sort.SliceStable(fs, func(i, j int) bool { return fs[i].Name < fs[j].Name })
}

// maskVariable hides the values of CGI variables that depend on the machine or the moment.
func maskVariable(name, value string) Field {
	plain := name
	for strings.HasPrefix(plain, "REDIRECT_") {
		plain = plain[len("REDIRECT_"):]
	}
	switch plain {
	case "PATH", "LD_LIBRARY_PATH", "REMOTE_PORT", "SSL_VERSION_INTERFACE", "SSL_VERSION_LIBRARY":
		value = "<" + plain + ">"
	}
	return Field{name, value}
}
