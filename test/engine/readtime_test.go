package engine

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// tenPerSecond lets a client send ten bytes a second after two seconds.
var tenPerSecond = exchange.ReadTime{First: 2 * time.Second, Most: 6 * time.Second, PerByte: 100 * time.Millisecond}

// tardy is a client that sends a request in pieces, and the response it gets.
type tardy struct {
	name   string
	send   []string
	gap    time.Duration // between the pieces
	head   exchange.ReadTime
	body   exchange.ReadTime
	off    bool          // the site of the connection has no limits
	status int           // of the last response; 0: none
	took   time.Duration // until the connection's end, or until that response if the connection is kept
	logged string        // statuses in the access log
	in     int64         // bytes received of the last request, as logged; 0: any
}

const (
	threeOfTen = "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"
	whole      = "GET /ok HTTP/1.1\r\nHost: x\r\n\r\n"
)

// each splits s into its bytes.
func each(s string) []string { return strings.Split(s, "") }

var tardies = []tardy{
	{name: "nothing", took: 2 * time.Second},
	{name: "an empty line", send: []string{"\r\n"}, took: 2200 * time.Millisecond, logged: "408", in: 2},
	{name: "half a request line", send: []string{"GET / HT"}, took: 2800 * time.Millisecond, logged: "408", in: 8},
	{name: "a request line", send: []string{"GET / HTTP/1.1\r\n"}, status: 408, took: 3600 * time.Millisecond, logged: "408", in: 16},
	{name: "a head up to the bound", send: []string{"GET / HTTP/1.1\r\n", "Host: x\r\n", "A: " + strings.Repeat("a", 60)}, gap: time.Second,
		status: 408, took: 6 * time.Second, logged: "408"},
	{name: "a head byte by byte, too slow", send: each("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), gap: 200 * time.Millisecond,
		status: 408, took: 4 * time.Second, logged: "408"},
	{name: "a head byte by byte, fast enough", send: each(whole), gap: 150 * time.Millisecond, status: 200, took: 9200 * time.Millisecond, logged: "200"},
	{name: "no rate", head: exchange.ReadTime{First: 2 * time.Second}, send: []string{whole[:20], whole[20:]}, gap: 2100 * time.Millisecond,
		status: 408, took: 2 * time.Second, logged: "408"},
	{name: "heads are not limited", head: exchange.ReadTime{First: -1}, send: []string{whole[:20], whole[20:]}, gap: 8 * time.Second,
		status: 200, took: 13 * time.Second, logged: "200"},
	{name: "idle behind a request", send: []string{whole}, status: 200, took: 5 * time.Second, logged: "200"},
	{name: "half a line behind a request", send: []string{whole, "GET"}, gap: time.Second, status: 200, took: 3300 * time.Millisecond, logged: "200"},
	{name: "a line behind a request", send: []string{whole, "GET / HTTP/1.1\r\n"}, gap: time.Second, status: 408, took: 4600 * time.Millisecond, logged: "200 408"},
	{name: "a line pipelined", send: []string{whole + "GET / HTTP/1.1\r\n"}, status: 408, took: 3600 * time.Millisecond, logged: "200 408"},

	{name: "half a body", send: []string{threeOfTen}, status: 408, took: 2300 * time.Millisecond, logged: "408"},
	{name: "no body", send: []string{threeOfTen[:len(threeOfTen)-3]}, status: 408, took: 2 * time.Second, logged: "408"},
	{name: "chunks, framing counts", send: []string{inChunks + "3\r\nabc\r\n"}, status: 408, took: 2800 * time.Millisecond, logged: "408"},
	{name: "a body byte by byte, too slow", send: append([]string{hundredThousand}, each(large[:40])...), gap: 250 * time.Millisecond,
		status: 408, took: 3200 * time.Millisecond, logged: "408"},
	{name: "a body up to the bound", send: append([]string{hundredThousand}, each(large[:200])...), gap: 50 * time.Millisecond,
		status: 408, took: 6 * time.Second, logged: "408"},
	{name: "a body without bound", body: exchange.ReadTime{First: 2 * time.Second, PerByte: 100 * time.Millisecond},
		send: append([]string{hundredThousand}, each(large[:200])...), gap: 50 * time.Millisecond, status: 408, took: 22 * time.Second, logged: "408"},
	{name: "bodies are not limited", body: exchange.ReadTime{First: -1}, send: []string{threeOfTen, "defghij"}, gap: 50 * time.Second,
		status: 200, took: 55 * time.Second, logged: "200"},
	{name: "the connection's site measures nothing", off: true, send: []string{threeOfTen, "defghij"}, gap: 50 * time.Second,
		status: 200, took: 55 * time.Second, logged: "200"},
	{name: "Timeout is shorter", body: exchange.ReadTime{First: time.Hour}, send: []string{threeOfTen}, status: 408, took: time.Minute, logged: "408"},
	{name: "a slow backend is not the client's fault", send: []string{strings.Replace(hundredThousand, "/a", "/slow", 1) + large},
		status: 200, took: 35 * time.Second, logged: "200"},
	{name: "the rest of a body that nobody wants", send: []string{strings.Replace(threeOfTen, "/a", "/early", 1)},
		body: exchange.ReadTime{First: time.Second}, status: 200, took: time.Second, logged: "200"},
}

func TestReadTimes(t *testing.T) {
	for _, tt := range tardies {
		for _, splice := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, splice %v", tt.name, splice), func(t *testing.T) {
				bubble(t, func(t *testing.T) { tt.run(t, splice) })
			})
		}
	}
}

// times returns the limits, tenPerSecond if the row has none. A stage with a
// negative limit has none.
func (tt *tardy) times() *exchange.ReadTimes {
	r := &exchange.ReadTimes{Head: tt.head, Body: tt.body}
	for _, s := range []*exchange.ReadTime{&r.Head, &r.Body} {
		switch {
		case s.First == 0:
			*s = tenPerSecond
		case s.First < 0:
			s.First = 0
		}
	}
	return r
}

func (tt *tardy) run(t *testing.T, splice bool) {
	r := newRig(1, func(r *rig) {
		r.net.Splice = splice
		if !tt.off {
			r.site.Reading = tt.times()
		}
		r.worker.Timeout = time.Minute
		r.net.Backend = func(_ int, c *fakenet.End) { slowly(c) }
	})
	c := r.net.Connect(0, r.front)
	start := time.Now()
	go func() {
		for i, s := range tt.send {
			if i > 0 {
				fakenet.Pass(tt.gap)
			}
			_, _ = io.WriteString(c, s)
		}
	}()
	status := 0
	br := bufio.NewReader(c)
	for {
		rs, err := http.ReadResponse(br, nil)
		if err != nil {
			break
		}
		_, _ = io.Copy(io.Discard, rs.Body)
		status = rs.StatusCode
	}
	if took := time.Since(start).Round(50 * time.Millisecond); status != tt.status || took != tt.took {
		t.Errorf("%d after %v, want %d after %v", status, took, tt.status, tt.took)
	}
	_ = c.Close()
	fakenet.Pass(time.Minute) // for a writer that has not finished
	r.end(t)
	var logged []string
	for _, l := range r.logged() {
		logged = append(logged, fmt.Sprint(l.status))
		if l.status == 408 && l.truncated {
			t.Error("a request that did not arrive counts as cut")
		}
		if tt.in > 0 && l.count.In != tt.in {
			t.Errorf("%d bytes received", l.count.In)
		}
	}
	if got := strings.Join(logged, " "); got != tt.logged {
		t.Errorf("logged %q, want %q", got, tt.logged)
	}
}

// slowly is a backend. It reads the body of /slow only after half a minute, that
// of /early not at all.
func slowly(c *fakenet.End) {
	defer func() { _ = c.Close() }()
	br := bufio.NewReader(c)
	for {
		q, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		switch q.URL.Path {
		case "/slow":
			fakenet.Pass(30 * time.Second)
		case "/early":
			_, _ = io.WriteString(c, okAnswer)
			silence(c)
			return
		}
		if _, err := io.Copy(io.Discard, q.Body); err != nil {
			return
		}
		_, _ = io.WriteString(c, okAnswer)
	}
}
