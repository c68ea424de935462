package attempt_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

const (
	getHead     = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
	chunkedHead = "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
)

func postHead(n int) string {
	return fmt.Sprintf("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", n)
}

// play is one request through a codec. It is run with pieces of several sizes.
type play struct {
	name    string
	spec    *attempt.Spec
	send    string        // by the client
	then    string        // by the client, after pause
	pause   time.Duration //
	backend []string      // what the backend reads and writes, in turn
	drip    bool          // the backend writes a byte each second
	ping    bool
	whole   bool // it depends on how much had arrived: not in pieces

	status   int
	body     string
	interims int
	cut      bool   // the response breaks off
	fault    string // how the fault begins; "": none
	id       string // its message id
	log      string // part of the error log
	tries    int    // 0: one
	again    string // a second request follows on the same connection to the backend, which reads this
	fresh    string // the same, on another connection
}

// Actions of a backend in the middle of its output.
const (
	silent  = "\xffsilent"
	abort   = "\xffabort"
	after5s = "\xffafter"
)

// says lists what a backend reads and writes, in turn.
func says(turns ...string) []string { return turns }

func TestCodecs(t *testing.T) {
	for _, c := range append(append([]play{}, cgiCases...), packetCases...) {
		for _, piece := range []int{0, 1, 7} {
			if c.whole && piece > 0 {
				continue
			}
			t.Run(fmt.Sprintf("%s, pieces of %d", c.name, piece), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { c.run(t, piece) })
			})
		}
	}
}

// tell writes a backend's output.
func (p *play) tell(c *fakenet.End, s string) {
	for s != "" {
		at := strings.IndexByte(s, 0xff)
		if at < 0 {
			at = len(s)
		}
		for text := s[:at]; text != ""; {
			n := len(text)
			if p.drip {
				n = 1
				fakenet.Pass(time.Second)
			}
			_, _ = io.WriteString(c, text[:n])
			text = text[n:]
		}
		switch s = s[at:]; {
		case s == silent:
			_, _ = io.Copy(io.Discard, c)
			return
		case s == abort:
			fakenet.Pass(time.Second)
			_ = c.Abort()
			return
		case strings.HasPrefix(s, after5s):
			s = s[len(after5s):]
			fakenet.Pass(5 * time.Second)
		}
	}
}

// act runs the backend of one connection.
func (p *play) act(t *testing.T, c *fakenet.End, turns []string) {
	for i, turn := range turns {
		if i%2 == 1 {
			p.tell(c, turn)
			continue
		}
		if p.spec == &packetSpec {
			if err := take(c, turn); err != nil {
				t.Errorf("the backend: %v", err)
				return
			}
			continue
		}
		got := make([]byte, len(turn))
		if n, err := io.ReadFull(c, got); string(got) != turn {
			t.Errorf("the backend got %.60q (%v), want %.60q", got[:n], err, turn)
			return
		}
	}
}

func (p *play) run(t *testing.T, piece int) {
	r := newRig(*p.spec, func(r *rig) {
		r.net.Piece = piece
		if p.ping {
			r.worker.Ping = 3 * time.Second
		}
		r.net.Backend = func(n int, c *fakenet.End) {
			turns := p.backend
			switch {
			case p.fresh != "" && n == 2:
				turns = says(p.fresh, done)
			case p.again != "":
				turns = append(append([]string{}, turns...), p.again, done)
			}
			defer func() { _ = c.Close() }()
			p.act(t, c, turns)
		}
	})
	c := r.net.Connect(0, r.front)
	go func() {
		_, _ = io.WriteString(c, p.send)
		if p.then != "" {
			fakenet.Pass(p.pause)
			_, _ = io.WriteString(c, p.then)
		}
	}()
	in := bufio.NewReader(c)
	p.check(t, r, in)
	if p.again+p.fresh != "" {
		_, _ = io.WriteString(c, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
		(&play{status: 200, body: "ok"}).check(t, r, in)
	}
	dials := max(1, p.tries)
	if p.fresh != "" {
		dials++
	}
	if n := r.net.Dials(); n != dials {
		t.Errorf("%d connections, want %d", n, dials)
	}
	_ = c.Close()
	synctest.Wait()
	if got := r.log.String(); p.log != "" && !strings.Contains(got, p.log) {
		t.Errorf("the error log is %q, want %q in it", got, p.log)
	}
	r.end(t)
}

// check reads a response and compares it.
func (p *play) check(t *testing.T, r *rig, in *bufio.Reader) {
	t.Helper()
	interims := 0
	res, err := http.ReadResponse(in, nil)
	for ; err == nil && res.StatusCode < 200; res, err = http.ReadResponse(in, nil) {
		interims++
	}
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if res.StatusCode != p.status || string(body) != p.body || (err != nil) != p.cut || interims != p.interims {
		t.Errorf("%d, %d bytes %.40q (%v), %d interim; want %d, %.40q, %d", res.StatusCode, len(body), body, err, interims,
			p.status, p.body, p.interims)
	}
	synctest.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.ended[len(r.ended)-1]
	switch {
	case p.fault == "" && e.fault != nil:
		t.Errorf("fault %v", e.fault)
	case p.fault == "":
	case e.fault == nil || !strings.HasPrefix(e.fault.Error(), p.fault) || p.id != "" && e.fault.ID != p.id:
		t.Errorf("fault %v, want %s %s", e.fault, p.id, p.fault)
	case e.fault.Module == "":
		t.Errorf("fault %v: of no module", e.fault)
	case e.tries[len(e.tries)-1].Fault != e.fault:
		t.Errorf("the last try's fault is %v, not %v", e.tries[len(e.tries)-1].Fault, e.fault)
	}
	if len(e.tries) != max(1, p.tries) {
		t.Errorf("%d tries", len(e.tries))
	}
}
