package attempt_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/exchange"
)

// cgi is a protocol like SCGI: a request whose length must be known, a response
// to the end of the connection. The head is one line, "METHOD TARGET LENGTH" and
// "STATUS"; lines before it that begin with "!" are messages for the error log.
type cgi struct {
	x      *exchange.Exchange
	headed bool
}

var cgiSpec = attempt.Spec{
	Module: "proxy_cgi", NoConnect: "AH1", NoHead: "AH2", TextID: "AH3", New: func() attempt.Codec { return new(cgi) },
}

var errCGI = errors.New("no status line")

func (c *cgi) Begin(x *exchange.Exchange) bool {
	x.Out.Expect = false
	return true
}

func (c *cgi) AppendHead(b []byte, h *attempt.Head) []byte {
	*c = cgi{x: h.X}
	return fmt.Appendf(b, "%s %s %s\n", c.x.Req.Method, c.x.Out.Target, length(c.x))
}

func (c *cgi) AppendLead(b []byte, _ int) []byte { panic("a body without frames") }
func (c *cgi) AppendTail(b []byte, _ int) []byte { panic("a body without frames") }
func (c *cgi) AppendEnd(b []byte) []byte         { return b }

func (c *cgi) Read(b []byte, eof bool) (int, attempt.Event, error) {
	switch {
	case c.headed && len(b) > 0:
		return len(b), attempt.Event{Kind: attempt.Data, Data: b}, nil
	case c.headed && eof:
		return 0, attempt.Event{Kind: attempt.End}, nil
	case c.headed || len(b) == 0:
		return 0, attempt.Event{}, nil
	}
	line, _, whole := bytes.Cut(b, []byte("\n"))
	if !whole {
		return 0, attempt.Event{Progress: attempt.Begun}, nil
	}
	if bytes.HasPrefix(line, []byte("!")) {
		return len(line) + 1, attempt.Event{Kind: attempt.Text, Data: line[1:]}, nil
	}
	n, ok := number(line)
	if !ok || n < 200 || n > 599 {
		return 0, attempt.Event{}, errCGI
	}
	c.x.Resp.Reset()
	c.x.Resp.Status, c.headed = n, true
	return len(line) + 1, attempt.Event{Kind: attempt.Headed, N: -1}, nil
}

func (c *cgi) Probe([]byte) error { return nil }
func (c *cgi) Splice(int64) int64 {
	if c.headed {
		return -1
	}
	return 0
}
func (c *cgi) Done() (bool, time.Duration) { return false, 0 }

// cgiCases are run by TestCodecs.
var cgiCases = []play{
	{name: "body to the end of the connection", spec: &cgiSpec, send: getHead,
		backend: says("GET /a 0\n", "200\nhello"), status: 200, body: "hello"},
	{name: "the length is told", spec: &cgiSpec, send: postHead(5) + "hello",
		backend: says("POST /a 5\nhello", "200\nok"), status: 200, body: "ok"},
	{name: "the length of a chunked body is counted", spec: &cgiSpec, send: chunkedHead + "5\r\nhello\r\n", then: "6\r\n world\r\n0\r\n\r\n",
		pause: 20 * time.Second, backend: says("POST /a 11\nhello world", "200\nok"), status: 200, body: "ok"},
	{name: "texts for the error log", spec: &cgiSpec, send: getHead, backend: says("GET /a 0\n", "!first\n!second\n200\nok"),
		status: 200, body: "ok", log: "AH3: worker test://backend (192.0.2.9:80): Got error 'second'"},
	{name: "a large upload with a pause", spec: &cgiSpec, whole: true, send: postHead(100_000) + long[:50_000], then: long[50_000:], pause: 35 * time.Second,
		backend: says("POST /a 100000\n"+long, "200\n"+long), status: 200, body: long},
	{name: "a response before the body has come", spec: &cgiSpec, whole: true, send: postHead(100_000) + long[:20_000],
		backend: says("POST /a 100000\n"+long[:20_000], "403\nno"), status: 403, body: "no"},
	{name: "no response", spec: &cgiSpec, send: getHead, backend: says("GET /a 0\n", ""),
		status: 502, fault: "backend await-head: closed", id: "AH2"},
	{name: "silence", spec: &cgiSpec, send: getHead, backend: says("GET /a 0\n", silent),
		status: 504, fault: "backend await-head: timeout", id: "AH2"},
	{name: "a head that is none", spec: &cgiSpec, send: getHead, backend: says("GET /a 0\n", "hello\n"),
		status: 502, fault: "backend read-head: malformed"},
	{name: "a cut body", spec: &cgiSpec, send: getHead, backend: says("GET /a 0\n", "200\nhel"+abort),
		status: 200, body: "hel", cut: true, fault: "backend read-response: reset"},
	{name: "a client that stays silent", spec: &cgiSpec, send: postHead(10) + "hello", backend: says("POST /a 10\nhello", silent),
		status: 408, fault: "client read-body: timeout"},
}

// long is a body of 100,000 bytes.
var long = strings.Repeat("0123456789", 10_000)
