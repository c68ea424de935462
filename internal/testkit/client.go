package testkit

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Client is a raw client connection: it sends the given bytes and reads responses without repairing anything.
type Client struct {
	// OneByOne makes Send write every byte in its own segment.
	OneByOne bool

	t   testing.TB
	c   net.Conn
	raw *net.TCPConn // c, or what is below its TLS
	tls *tls.Conn    // nil: the connection is plain
	w   *wireReader
}

// Response is one unchanged response. Head and body are read separately so that a test may look at one while the
// server still holds back the other.
type Response struct {
	Proto    string
	Status   int
	Reason   string
	Fields   []Field
	Interim  []*Response // the 1xx responses before this one
	Framing  Framing
	Body     []byte // the part of the body that was read, de-framed
	Trailers []Field
	Complete bool // the body ended as its framing says
	Err      error

	body *bodyReader
}

// Dial connects to a TCP address; the connection is closed with the test.
func Dial(t testing.TB, addr string) *Client {
	t.Helper()
	return DialFrom(t, "", addr)
}

// DialFrom is Dial from an address of this machine ("127.0.0.5"); "" leaves the choice to the system.
func DialFrom(t testing.TB, from, addr string) *Client {
	t.Helper()
	d := net.Dialer{Timeout: Patience}
	if from != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		t.Fatalf("client: %v", err)
	}
	cl := &Client{t: t, c: c, raw: c.(*net.TCPConn), w: newWireReader(c)}
	t.Cleanup(cl.Close)
	return cl
}

// Send writes b, cut into segments at the given offsets. A failed write is not an error here: the server may have
// responded and closed already, which the reading side will show.
func (c *Client) Send(b string, splits ...int) {
	if c.OneByOne {
		splits = splits[:0]
		for i := 1; i < min(len(b), 4096); i++ { // the rest of a long body is one segment
			splits = append(splits, i)
		}
	}
	_ = c.c.SetWriteDeadline(time.Now().Add(Patience))
	from := 0
	for _, to := range append(splits, len(b)) {
		if _, err := io.WriteString(c.c, b[from:to]); err != nil {
			return
		}
		from = to
	}
}

// CloseWrite ends our half of the stream; reading goes on.
func (c *Client) CloseWrite() {
	if c.tls != nil {
		_ = c.tls.CloseWrite()
	}
	_ = c.raw.CloseWrite()
}

// Abort closes the connection with a reset.
func (c *Client) Abort() {
	_ = c.raw.SetLinger(0)
	_ = c.raw.Close()
}

// Close closes the connection.
func (c *Client) Close() { _ = c.c.Close() }

// Read reads one whole response to a request with this method.
func (c *Client) Read(method string) (*Response, error) {
	r, err := c.ReadHead(method)
	if err == nil {
		err = c.ReadBody(r)
	}
	return r, err
}

// ReadHead reads the head of a response, collecting interim ones before it. The error is io.EOF when the server closed
// without a byte.
func (c *Client) ReadHead(method string) (*Response, error) {
	var interim []*Response
	for {
		r, err := c.head(method)
		if err != nil {
			return nil, err
		}
		if r.Status >= 200 || r.Status == 101 {
			r.Interim = interim
			return r, nil
		}
		interim = append(interim, r)
	}
}

func (c *Client) head(method string) (*Response, error) {
	_ = c.c.SetReadDeadline(time.Now().Add(Patience))
	line, err := c.w.line()
	if err != nil {
		return nil, err
	}
	r := &Response{}
	var code string
	r.Proto, code, _ = strings.Cut(line, " ")
	code, r.Reason, _ = strings.Cut(code, " ")
	if r.Status, err = strconv.Atoi(code); err != nil || !strings.HasPrefix(r.Proto, "HTTP/") {
		return nil, fmt.Errorf("not a status line: %q", line)
	}
	if r.Fields, err = c.w.fields(); err != nil {
		return nil, err
	}
	if method == "HEAD" || r.Status < 200 || r.Status == 204 || r.Status == 304 || method == "CONNECT" && r.Status < 300 {
		r.body = &bodyReader{w: c.w, kind: NoBody}
	} else {
		r.body = framed(c.w, r.Fields, UntilClose)
	}
	r.Framing, r.Complete = r.body.kind, r.body.kind == NoBody
	return r, nil
}

// ReadBody reads the rest of the body. The error is ErrTruncated when the server stopped before the end.
func (c *Client) ReadBody(r *Response) error {
	return c.readUntil(r, func() bool { return false })
}

// ReadUntil reads the body until it contains text.
func (c *Client) ReadUntil(r *Response, text string) error {
	has := func() bool { return bytes.Contains(r.Body, []byte(text)) }
	if err := c.readUntil(r, has); err != nil {
		return err
	}
	if !has() {
		return fmt.Errorf("body ended without %q", text)
	}
	return nil
}

// ReadDecoded reads the body until what it decodes to, by its Content-Encoding,
// contains text.
func (c *Client) ReadDecoded(r *Response, text string) error {
	has := func() bool {
		_, got, _ := Decoded(r.Header("Content-Encoding"), r.Body)
		return bytes.Contains(got, []byte(text))
	}
	if err := c.readUntil(r, has); err != nil {
		return err
	}
	if !has() {
		return fmt.Errorf("body ended without %q", text)
	}
	return nil
}

func (c *Client) readUntil(r *Response, enough func() bool) error {
	buf := make([]byte, 32<<10)
	for !r.Complete && r.Err == nil && !enough() {
		_ = c.c.SetReadDeadline(time.Now().Add(Patience))
		n, err := r.body.next(buf)
		r.Body = append(r.Body, buf[:n]...)
		r.Trailers = r.body.trailers
		if err == io.EOF {
			r.Complete = true
		} else {
			r.Err = err
		}
	}
	return r.Err
}

// Exactly reads the next n bytes, whatever they are.
func (c *Client) Exactly(n int) (string, error) {
	_ = c.c.SetReadDeadline(time.Now().Add(Patience))
	b := make([]byte, n)
	n, err := io.ReadFull(c.w.br, b)
	return string(b[:n]), err
}

// Raw reads all bytes until the server closes.
func (c *Client) Raw() ([]byte, error) {
	_ = c.c.SetReadDeadline(time.Now().Add(Patience))
	b, err := io.ReadAll(c.w.br)
	return b, err
}

// Closed waits for the server to close the connection and reports whether it did so without sending more.
func (c *Client) Closed() bool {
	_ = c.c.SetReadDeadline(time.Now().Add(Patience))
	_, err := c.w.br.ReadByte()
	var timeout net.Error
	return err != nil && !(errors.As(err, &timeout) && timeout.Timeout())
}

// Probe reports whether the connection is still usable: it sends a request that every server answers itself and looks
// for a response. So no timeout decides, only what the server does with the next request.
func (c *Client) Probe() bool {
	c.Send("OPTIONS * HTTP/1.1\r\nHost: probe.invalid\r\n\r\n")
	r, err := c.Read("OPTIONS")
	return err == nil && r.Status != 0
}

// Header returns the first value of the named field, or "".
func (r *Response) Header(name string) string {
	if vs := Lookup(r.Fields, name); len(vs) > 0 {
		return vs[0]
	}
	return ""
}
