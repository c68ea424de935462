package hostile

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// marker follows every row on its connection. A backend that sees it after a refused row was reached by smuggling.
const marker = "GET /marker HTTP/1.1\r\nHost: h\r\n\r\n"

// own lists the rows whose requests are valid but get a response of the server itself.
var own = map[string]message{
	"line-target-percent":      {status: 400}, // %00 names no file
	"line-target-abs-other":    {status: 400},
	"line-target-connect":      {status: 405},
	"line-target-connect-v6":   {status: 405},
	"connect-body":             {status: 405},
	"line-target-options-star": {method: "own"},
	"line-target-options-abs":  {method: "own"},
	"host-10-abs":              {method: "GET", path: "/", host: "www.test", close: true}, // httpd: no Host field to preserve
}

// mayClose lists the rows after which the connection may be closed: it can be unknown whether a client that sent Expect
// sends its body.
var mayClose = map[string]bool{"expect-100": true, "expect-case": true, "expect-chunked": true}

// TestSmuggling sends every row of the request matrix with a pipelined request after it. A refused one gets a response and
// a close, and the backend sees none of it; an accepted one arrives as one request that every backend reads alike.
func TestSmuggling(t *testing.T) {
	segmented(t, func(t *testing.T, oneByOne bool) {
		s, o := start(t, "ProxyPreserveHost On\nTimeout 5\n")
		o.At("/marker", testkit.MustAnswer("respond 200 marker"))
		rows := readMatrix(t)
		if len(rows) < 400 {
			t.Errorf("only %d rows", len(rows))
		}
		var before *play
		for _, r := range rows {
			p := &play{s: s, o: o, row: r, oneByOne: oneByOne, before: before}
			t.Run(r.name, func(t *testing.T) {
				p.t = t
				p.run()
			})
			before = p
		}
	})
}

// play is one row while it runs.
type play struct {
	t        *testing.T
	s        *testkit.Server
	o        *testkit.Origin
	row      row
	oneByOne bool
	before   *play // the row before this one

	c      *testkit.Client
	seen   []message // the requests that the backend must have received, in order
	ended  bool      // the connection has to be closed now
	partly bool      // a request may have reached the backend in part
}

func (p *play) run() {
	p.o.Forget()
	p.c = testkit.Dial(p.t, p.s.Addr())
	p.c.OneByOne = p.oneByOne
	defer p.c.Close()
	want := p.row.want
	if m, ok := own[p.row.name]; ok {
		want = append([]message{m}, want[1:]...)
	}
	open := want[len(want)-1].more
	if open {
		p.c.Send(p.row.input)
		p.c.CloseWrite()
	} else {
		p.c.Send(p.row.input + marker)
		want = append(want, message{method: "GET", path: "/marker", host: "h"})
	}
	for _, m := range want {
		if !p.ended {
			p.message(m)
		}
	}
	if p.ended && !p.c.Closed() {
		p.t.Errorf("the connection goes on")
	}
	p.barrier()
	p.backend()
}

// message reads the result of one message.
func (p *play) message(m message) {
	r, err := p.c.Read(m.method)
	switch {
	case m.more:
		p.ended, p.partly = true, true
		if err == nil && r.Status < 400 {
			p.t.Errorf("%d to a request that never ended", r.Status)
		}
		if err != nil && !errors.Is(err, io.EOF) {
			p.t.Errorf("a request that never ended: %v", err)
		}
	case err != nil:
		p.t.Errorf("%+v: %v", m, err)
		p.ended = true
	case m.status != 0 || m.refused != 0:
		p.ended, p.partly = true, m.refused != 0
		if r.Status != m.status+m.refused || r.Header("Connection") != "close" {
			p.t.Errorf("%d, Connection %q, want %d", r.Status, r.Header("Connection"), m.status+m.refused)
		}
	case m.method == "own":
		p.ended = p.ended || m.close
	default:
		p.answered(m, r)
	}
}

// answered checks the backend's response to an accepted message.
func (p *play) answered(m message, r *testkit.Response) {
	body := "ok"
	if m.path == "/marker" {
		body = "marker"
	}
	if m.method == "HEAD" {
		body = ""
	}
	if r.Status != 200 || string(r.Body) != body {
		p.t.Errorf("%s %s: %d %q, want 200 %q", m.method, m.path, r.Status, r.Body, body)
	}
	p.ended = m.close || mayClose[p.row.name] && r.Header("Connection") == "close"
	p.seen = append(p.seen, m)
}

// barrier sends a complete request on its own connection: bytes of the row that were under way are at the backend before it.
func (p *play) barrier() {
	c := testkit.Dial(p.t, p.s.Addr())
	defer c.Close()
	c.Send("GET /barrier HTTP/1.1\r\nHost: h\r\n\r\n")
	if r, err := c.Read("GET"); err != nil || r.Status != 200 || string(r.Body) != "ok" {
		p.t.Errorf("the next client gets %+v, %v", r, err)
	}
	p.seen = append(p.seen, message{method: "GET", path: "/barrier", host: "h"})
}

// backend compares the requests that the backend received with the expected ones.
func (p *play) backend() {
	var got []testkit.Request
	for _, r := range p.o.Requests() {
		if !r.Complete && (p.partly || p.late(&r)) && !strings.Contains(r.Line, "marker") {
			continue
		}
		got = append(got, r)
	}
	if len(got) != len(p.seen) {
		p.t.Errorf("the backend got %d requests, want %d:%s", len(got), len(p.seen), lines(got))
		return
	}
	for i, m := range p.seen {
		if err := p.same(m, &got[i]); err != nil {
			p.t.Errorf("%s: %v", got[i].Line, err)
		}
	}
}

// late reports whether the backend, with one thread for each connection, noticed a part of the previous row only now.
func (p *play) late(r *testkit.Request) bool {
	return p.before != nil && p.before.partly && strings.Contains(p.before.row.input, r.Line)
}

func (p *play) same(m message, r *testkit.Request) error {
	method, rest, _ := strings.Cut(r.Line, " ")
	target, _, _ := strings.Cut(rest, " ")
	host := strings.Join(testkit.Lookup(r.Fields, "Host"), "|")
	switch {
	case !r.Complete:
		return fmt.Errorf("incomplete: %w", r.Err)
	case strict(r) != nil:
		return strict(r)
	case method != m.method || string(r.Body) != m.body:
		return fmt.Errorf("%s with body %q, want %s with %q", method, r.Body, m.method, m.body)
	case target != m.path && !strings.HasPrefix(p.row.name, "line-target"):
		return fmt.Errorf("target %s, want %s", target, m.path)
	case m.host != "" && host != m.host && (host != strings.ToLower(m.host) || !strings.HasPrefix(p.row.name, "line-target-abs")):
		return fmt.Errorf("Host %q, want %q", host, m.host)
	case len(testkit.Lookup(r.Fields, "Upgrade"))+len(testkit.Lookup(r.Fields, "HTTP2-Settings")) > 0:
		return errors.New("Upgrade was passed on unasked")
	}
	return nil
}

func lines(rs []testkit.Request) (s string) {
	for _, r := range rs {
		s += fmt.Sprintf("\n  %s (%d bytes of body, complete %v, %v)", r.Line, len(r.Body), r.Complete, r.Err)
	}
	return s
}
