package testkit

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit/ports"
)

// NewSCGIOrigin starts an origin that speaks SCGI. A Request has the names of the first two variables in its Line, and
// all variables, sorted by name, as Fields. In an answer respond, head and echo are what a program prints: Status instead
// of a status line, no Content-Length. The connection ends with the answer.
func NewSCGIOrigin(t testing.TB) *Origin { return programOrigin(t, (*originConn).scgi) }

// NewUWSGIOrigin starts an origin that speaks uwsgi. A Request has the two modifiers in its Line, and the variables,
// sorted by name, as Fields. The steps of an answer are those of an HTTP origin. The connection ends with the answer.
func NewUWSGIOrigin(t testing.TB) *Origin { return programOrigin(t, (*originConn).uwsgi) }

func programOrigin(t testing.TB, speak func(*originConn) error) *Origin {
	t.Helper()
	ln, p, err := ports.Listen()
	if err != nil {
		t.Fatalf("origin: %v", err)
	}
	t.Cleanup(p.Release)
	return newProgram(t, ln, speak)
}

// Unix answers as o does on a unix socket that every user may connect to.
func (o *Origin) Unix(t testing.TB, path string) *Origin {
	t.Helper()
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatalf("origin: %v", err)
	}
	if err := os.Chmod(path, 0o777); err != nil {
		t.Fatalf("origin: %v", err)
	}
	return newProgram(t, ln, o.speak)
}

// scgi reads one SCGI request and plays its answer.
func (c *originConn) scgi() error {
	size, err := c.w.br.ReadString(':')
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(strings.TrimSuffix(size, ":"))
	if err != nil || n > 1<<20 {
		return fmt.Errorf("SCGI: the size of the head is %q", size)
	}
	head := make([]byte, n+1)
	if _, err := io.ReadFull(c.w.br, head); err != nil {
		return err
	}
	if head[n] != ',' {
		return fmt.Errorf("SCGI: the head ends with %q", head[n])
	}
	r := &Request{Conn: c.n, Framing: ByLength}
	words := strings.Split(string(head[:n]), "\x00")
	for i := 0; i+1 < len(words); i += 2 {
		r.Fields = append(r.Fields, maskVariable(words[i], words[i+1]))
	}
	if len(r.Fields) > 1 {
		r.Line = "SCGI " + r.Fields[0].Name + " " + r.Fields[1].Name
	}
	sortFields(r.Fields)
	return c.program(r, (*step).cgi)
}

// uwsgi reads one uwsgi request and plays its answer.
func (c *originConn) uwsgi() error {
	var head [4]byte
	if _, err := io.ReadFull(c.w.br, head[:]); err != nil {
		return err
	}
	vars := make([]byte, binary.LittleEndian.Uint16(head[1:]))
	if _, err := io.ReadFull(c.w.br, vars); err != nil {
		return err
	}
	r := &Request{Conn: c.n, Framing: ByLength, Line: fmt.Sprintf("UWSGI %d %d", head[0], head[3])}
	text := func() string {
		if len(vars) < 2 {
			return "(malformed)"
		}
		n := int(binary.LittleEndian.Uint16(vars))
		if vars = vars[2:]; n > len(vars) {
			vars = nil
			return "(malformed)"
		}
		var s []byte
		s, vars = vars[:n], vars[n:]
		return string(s)
	}
	for len(vars) > 0 {
		name := text()
		r.Fields = append(r.Fields, maskVariable(name, text()))
	}
	sortFields(r.Fields)
	return c.program(r, func(s *step) string { return s.bytes("GET") })
}

// program reads the body of a request whose variables were read, and plays its answer, printed by response.
func (c *originConn) program(r *Request, response func(*step) string) error {
	c.o.locked(func() { c.o.reqs = append(c.o.reqs, r) })
	line := "GET /"
	if uri := Lookup(r.Fields, "REQUEST_URI"); len(uri) > 0 {
		line = "GET " + uri[0]
	}
	answer := c.o.pick(line)
	if len(answer) == 0 || answer[0].kind != "early" {
		if err := c.programBody(r); err != nil {
			return err
		}
	}
	for i := range answer {
		var err error
		switch s := &answer[i]; s.kind {
		case "respond", "head":
			err = c.write(response(s))
		case "echo":
			err = c.write(response(&step{kind: "respond", code: 200, proto: "HTTP/1.1", reason: "OK", text: r.Echo()}))
		case "readbody":
			err = c.programBody(r)
		default:
			err = c.play(s, r, nil)
		}
		if err != nil {
			return err
		}
	}
	if err := c.programBody(r); err != nil {
		return err
	}
	return errEnded
}

// programBody reads the body, whose length is in CONTENT_LENGTH.
func (c *originConn) programBody(r *Request) error {
	if r.Complete {
		return nil
	}
	n := 0
	if l := Lookup(r.Fields, "CONTENT_LENGTH"); len(l) > 0 {
		n, _ = strconv.Atoi(l[0])
	}
	var body bytes.Buffer
	_, err := io.CopyN(&body, c.w.br, int64(n))
	c.o.locked(func() { r.Body, r.Err, r.Complete = body.Bytes(), err, err == nil })
	return err
}
