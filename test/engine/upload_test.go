package engine

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// pausing is an upload in which client and backend wait for each other. The backend has ten
// seconds, the client sixty.
type pausing struct {
	name    string
	head    string // of the request, less its end; uploadHead's if empty
	send    []string
	pause   time.Duration // between the pieces of send
	backend func(c *fakenet.End, q *http.Request)
	expect  bool // Expect is sent to the backend

	status int
	took   time.Duration // until the response's end; at most spliceLate more
	side   string        // who is to blame
	cut    bool          // the response is cut off
}

// spliceLate is how much later a splice notices a peer that accepts no data.
const spliceLate = 4 * time.Second

// readAll reads the complete request and responds.
func readAll(c *fakenet.End, q *http.Request) {
	if b, err := io.ReadAll(q.Body); err == nil {
		_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(b), b)
	}
	silence(c)
}

// echoes sends the body back while it arrives.
func echoes(c *fakenet.End, q *http.Request) {
	_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
	if _, err := io.Copy(c, q.Body); err == nil {
		silence(c)
	}
}

const (
	hundredThousand = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
	withExpect      = "POST /a HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n\r\n"
	inChunks        = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
)

// chunk frames a piece of a body.
func chunk(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

// The timeout and the fault belong to the side that is waited for: a backend is not late
// while the client owes it part of the request.
var pauses = []pausing{
	{name: "client pauses", send: []string{large[:40_000], large[40_000:]}, pause: 35 * time.Second,
		backend: readAll, status: 200, took: 35 * time.Second},
	{name: "client pauses often", send: []string{"", large[:20], large[20:40_000], large[40_000:]}, pause: 35 * time.Second,
		backend: readAll, status: 200, took: 105 * time.Second},
	{name: "client pauses in chunks", head: inChunks, send: []string{chunk(large[:40_000]), chunk(large[40_000:]) + "0\r\n", "\r\n"},
		pause: 35 * time.Second, backend: readAll, status: 200, took: 70 * time.Second},
	{name: "client stays silent", send: []string{large[:40_000]}, backend: readAll, status: 408, took: 60 * time.Second, side: "client"},
	{name: "client stays silent in chunks", head: inChunks, send: []string{chunk(large[:40_000])},
		backend: readAll, status: 408, took: 60 * time.Second, side: "client"},
	{name: "backend is silent after the pause", send: []string{large[:40_000], large[40_000:]}, pause: 35 * time.Second,
		backend: func(c *fakenet.End, q *http.Request) {
			_, _ = io.ReadAll(q.Body)
			silence(c)
		}, status: 504, took: 45 * time.Second, side: "backend"},
	{name: "backend does not read after the pause", head: uploadHead, send: []string{large[:10], strings.Repeat(large, 9)}, pause: 35 * time.Second,
		backend: func(c *fakenet.End, _ *http.Request) { fakenet.Pass(time.Hour) },
		status:  504, took: 45 * time.Second, side: "backend"},
	{name: "answered before the body", send: []string{large[:10]}, backend: func(c *fakenet.End, _ *http.Request) {
		fakenet.Pass(5 * time.Second)
		_, _ = io.WriteString(c, okAnswer)
		silence(c)
	}, status: 200, took: 5 * time.Second},
	{name: "answered in the pause", send: []string{large[:40_000]}, backend: func(c *fakenet.End, _ *http.Request) {
		fakenet.Pass(35 * time.Second)
		_, _ = io.WriteString(c, okAnswer)
		silence(c)
	}, status: 200, took: 35 * time.Second},
	{name: "answered while the body comes", send: []string{large[:30_000], large[30_000:60_000], large[60_000:]}, pause: 35 * time.Second,
		backend: echoes, status: 200, took: 70 * time.Second},
	{name: "client stays silent while it is answered", send: []string{large[:40_000]},
		backend: echoes, status: 200, took: 60 * time.Second, side: "client", cut: true},
	{name: "slow response, body not wanted", head: uploadHead, send: []string{strings.Repeat(large, 9)},
		backend: func(c *fakenet.End, _ *http.Request) {
			_, _ = io.WriteString(c, largeAnswer)
			for i := range 10 {
				_, _ = io.WriteString(c, large[:10_000])
				fakenet.Pass(time.Duration(i) * time.Second)
			}
			silence(c)
		}, status: 200, took: 36 * time.Second},
	{name: "response stops while the body is not read", head: uploadHead, send: []string{strings.Repeat(large, 9)},
		backend: func(c *fakenet.End, _ *http.Request) {
			_, _ = io.WriteString(c, largeAnswer+large[:10_000])
			fakenet.Pass(time.Hour)
		}, status: 200, took: 10 * time.Second, side: "backend", cut: true},
	{name: "backend gives no word", head: withExpect, expect: true,
		backend: func(c *fakenet.End, _ *http.Request) { silence(c) }, status: 504, took: 10 * time.Second, side: "backend"},
	{name: "client pauses after the word", head: withExpect, expect: true, send: []string{"", large[:40_000], large[40_000:]}, pause: 35 * time.Second,
		backend: func(c *fakenet.End, q *http.Request) {
			_, _ = io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
			readAll(c, q)
		}, status: 200, took: 70 * time.Second},
	{name: "client does not wait for the word, and pauses", head: withExpect, expect: true, send: []string{large[:40_000], large[40_000:]}, pause: 35 * time.Second,
		backend: readAll, status: 200, took: 35 * time.Second},
}

func TestUploadPauses(t *testing.T) {
	for _, tt := range pauses {
		for _, splice := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, splice %v", tt.name, splice), func(t *testing.T) {
				bubble(t, func(t *testing.T) { tt.run(t, splice) })
			})
		}
	}
}

func (p *pausing) run(t *testing.T, splice bool) {
	r := newRig(1, func(r *rig) {
		r.net.Splice = splice
		r.worker.Timeout = 10 * time.Second
		r.out = func(x *exchange.Exchange) { x.Out.Expect = p.expect && x.Req.Expect }
		r.net.Backend = func(_ int, c *fakenet.End) {
			defer func() { _ = c.Close() }()
			if q, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				p.backend(c, q)
			}
		}
	})
	c := r.net.Connect(0, r.front)
	start := time.Now()
	head := p.head
	if head == "" {
		head = hundredThousand
	}
	_, _ = io.WriteString(c, head)
	synctest.Wait()
	go func() {
		for i, s := range p.send {
			if i > 0 {
				fakenet.Pass(p.pause)
			}
			_, _ = io.WriteString(c, s)
		}
	}()
	rs, _, err := replies(c, "POST")
	took := time.Since(start)
	if len(rs) == 0 || rs[0].status != p.status || (err != nil) != p.cut {
		t.Fatalf("got %v, %v, want %d", rs, err, p.status)
	}
	if took < p.took || took > p.took+spliceLate {
		t.Errorf("took %v, want %v", took, p.took)
	}
	_ = c.Close()
	r.end(t)
	side := ""
	if f := r.logged()[0].fault; f != nil {
		side = f.Side.String()
	}
	if side != p.side {
		t.Errorf("%q is to blame: %v", side, r.logged()[0].fault)
	}
}
