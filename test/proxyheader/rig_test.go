package proxyheader

import (
	"bufio"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/proxyproto"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/ports"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// engines are those of the binary.
var engines = []string{"goroutine", "epoll"}

// door takes the PROXY header off each connection, notes it and joins the rest to a backend.
type door struct {
	ln net.Listener
	to string

	mu      sync.Mutex
	headers []string
	wg      sync.WaitGroup
}

// newDoor starts one in front of an address.
func newDoor(t *testing.T, to string) *door {
	t.Helper()
	ln, p, err := ports.Listen()
	if err != nil {
		t.Fatal(err)
	}
	d := &door{ln: ln, to: to}
	d.wg.Go(d.accept)
	t.Cleanup(func() { _ = ln.Close(); d.wg.Wait(); p.Release() })
	return d
}

func (d *door) port() string { return strconv.Itoa(d.ln.Addr().(*net.TCPAddr).Port) }

func (d *door) accept() {
	for {
		c, err := d.ln.Accept()
		if err != nil {
			return
		}
		d.wg.Go(func() { d.pass(c) })
	}
}

func (d *door) pass(c net.Conn) {
	defer func() { _ = c.Close() }()
	_ = c.SetDeadline(time.Now().Add(2 * testkit.Patience))
	in := bufio.NewReader(c)
	var head []byte
	for {
		b, err := in.ReadByte()
		if err != nil {
			d.note("end")
			return
		}
		head = append(head, b)
		if h, _, err := proxyproto.Parse(head); err == nil {
			d.note(text(head, h))
			break
		} else if !errors.Is(err, proxyproto.ErrIncomplete) {
			d.note("none")
			return
		}
	}
	b, err := net.Dial("tcp", d.to)
	if err != nil {
		return
	}
	d.wg.Go(func() { _, _ = io.Copy(c, b); _ = c.Close() })
	_, _ = io.Copy(b, in)
	_ = b.Close()
}

// text is the version of a header and the address of its client; "own" for none.
func text(head []byte, h proxyproto.Header) string {
	v := "v2 "
	if head[0] == 'P' {
		v = "v1 "
	}
	if !h.Client.IsValid() {
		return v + "own"
	}
	return v + h.Client.Addr().String()
}

func (d *door) note(what string) {
	d.mu.Lock()
	d.headers = append(d.headers, what)
	d.mu.Unlock()
}

// seen returns the headers so far.
func (d *door) seen() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.headers)
}

// get sends requests over one connection from an address and returns the last response.
func get(t *testing.T, s *testkit.Server, from, path string, times int, fields ...string) *testkit.Response {
	t.Helper()
	c := testkit.DialFrom(t, from, s.Addr())
	defer c.Close()
	var r *testkit.Response
	for range times {
		r = ask(t, c, path, fields...)
	}
	return r
}

func ask(t *testing.T, c *testkit.Client, path string, fields ...string) *testkit.Response {
	t.Helper()
	head := "GET " + path + " HTTP/1.1\r\nHost: www.test\r\n"
	for _, f := range fields {
		head += f + "\r\n"
	}
	c.Send(head + "\r\n")
	r, err := c.Read("GET")
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return r
}
