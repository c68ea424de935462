package soak

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// The outcomes of a client, besides a status with a complete body.
const (
	cut     = "cut"     // a response that was cut off
	closed  = "closed"  // the connection ended without a byte of a response
	refused = "refused" // no connection
	left    = "left"    // the client closed on purpose
	hung    = "hung"    // nothing within testkit.Patience
	garbled = "garbled" // not what the backend sent
)

// pattern has the bytes of all bodies: a body of n bytes is its beginning.
var pattern = sync.OnceValue(func() string { return testkit.Pattern(4 << 20) })

// visit is one play of a row by one client.
type visit struct {
	load *load
	row  *row
	rng  *rand.Rand
}

// saw records an outcome.
func (v *visit) saw(outcome, detail string) { v.load.tally.note(v.row, outcome, detail) }

// text returns a request for target.
func text(method, target string, fields ...string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: soak.test\r\n" + strings.Join(append(fields, "", ""), "\r\n")
}

// peer is one connection of a client. Its requests and responses must end by its
// deadline, which each request sets again.
type peer struct {
	*net.TCPConn
	in    *bufio.Reader
	visit *visit
	slow  bool // reads little at a time, with pauses
	over  bool // no further request: the response said so, or was incomplete
}

// dial connects to a port of the server; nil if there is no connection,
// which is then recorded.
func (v *visit) dial(addr string) *peer {
	c, err := net.DialTimeout("tcp", addr, testkit.Patience)
	if err != nil {
		v.saw(refused, err.Error())
		return nil
	}
	p := &peer{TCPConn: c.(*net.TCPConn), visit: v}
	p.in = bufio.NewReader(p.TCPConn)
	p.later()
	return p
}

func (p *peer) later() { _ = p.SetDeadline(time.Now().Add(testkit.Patience)) }

// abort closes with a reset.
func (p *peer) abort() {
	_ = p.SetLinger(0)
	_ = p.Close()
}

// say sends text. A failed write is not an outcome: the server may have
// responded and closed, which reading shows.
func (p *peer) say(text string) {
	p.later()
	_, _ = io.WriteString(p, text)
}

// hear reads one response, records its outcome and returns it. The body of
// a 200 must be want.
func (p *peer) hear(method, want string) string {
	outcome, detail := p.answer(method, want)
	p.visit.saw(outcome, detail)
	return outcome
}

// ask is say and hear for a GET.
func (p *peer) ask(target, want string, fields ...string) string {
	p.say(text("GET", target, fields...))
	return p.hear("GET", want)
}

func (p *peer) answer(method, want string) (outcome, detail string) {
	p.over = true
	if _, err := p.in.Peek(1); err != nil {
		return ended(err, closed)
	}
	res, err := http.ReadResponse(p.in, &http.Request{Method: method})
	if err != nil {
		return ended(err, cut)
	}
	defer res.Body.Close()
	if method == "HEAD" && res.StatusCode == 200 && res.ContentLength != int64(len(want)) {
		return garbled, fmt.Sprintf("Content-Length %d, want %d", res.ContentLength, len(want))
	}
	if res.StatusCode != 200 || method == "HEAD" {
		b, err := io.ReadAll(res.Body)
		if err != nil {
			return ended(err, cut)
		}
		p.over = res.Close
		return fmt.Sprint(res.StatusCode), fmt.Sprintf("%.300q", b)
	}
	outcome, detail = p.compare(res.Body, want)
	p.over = res.Close || outcome != "200"
	return outcome, detail
}

// compare reads a body that should be want.
func (p *peer) compare(body io.Reader, want string) (outcome, detail string) {
	var tick *time.Ticker
	buf := make([]byte, 64<<10)
	if p.slow {
		buf = buf[:16<<10]
		tick = time.NewTicker(time.Millisecond)
		defer tick.Stop()
	}
	for at := 0; ; {
		n, err := body.Read(buf)
		if at+n > len(want) || string(buf[:n]) != want[at:at+n] {
			return garbled, fmt.Sprintf("the body differs between %d and %d: %.100q", at, at+n, buf[:n])
		}
		at += n
		switch {
		case err == io.EOF && at == len(want):
			return "200", ""
		case err == io.EOF:
			return garbled, fmt.Sprintf("a body of %d bytes, want %d", at, len(want))
		case err != nil:
			return ended(err, cut)
		}
		if p.slow {
			<-tick.C
		}
	}
}

// ended names how reading ended: by a timeout, by a peer that closed, or by
// bytes that are not HTTP.
func ended(err error, how string) (outcome, detail string) {
	var op *net.OpError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return hung, err.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &op):
		return how, err.Error()
	}
	return garbled, err.Error()
}

// upload sends the first n bytes of the pattern as a body, framed by length or
// by chunks of a size, with a pause after each if tick is set. It stops
// where the server does not accept them.
func (p *peer) upload(n, chunk int, chunked bool, tick <-chan time.Time) {
	for at := 0; at < n; at += chunk {
		part := pattern()[at:min(at+chunk, n)]
		if chunked {
			part = fmt.Sprintf("%x\r\n%s\r\n", len(part), part)
		}
		p.later()
		if _, err := io.WriteString(p, part); err != nil {
			return
		}
		if tick != nil {
			<-tick
		}
	}
	if chunked {
		p.say("0\r\n\r\n")
	}
}
