package attempt_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/testkit/fakenet"
	"github.com/headgate/headgate/internal/worker"
	"github.com/miekg/dns"
)

// A connection from the pool that the backend has closed costs one more attempt,
// where the request may be sent again: the part of its body that was sent is
// still at hand.
func TestReplay(t *testing.T) {
	put := strings.Replace(postHead(1500), "POST", "PUT", 1)
	for _, tt := range []struct {
		name, send string
		reads      string // what the backend gets of it on the second connection
		status     int
		refuse     bool // there is no second connection
		before     string
	}{
		{name: "get", send: getHead, reads: p("HGET /a 0"), status: 200},
		{name: "a body at hand", send: put + long[:1500], reads: p("HPUT /a 1500", "B"+long[:1000]), status: 200},
		{name: "a body that is waited for", send: put, status: 502},
		{name: "not idempotent", send: postHead(5) + "hello", status: 502},
		{name: "then refused", send: getHead, status: 502, refuse: true, before: "test://backend (closed after 2000.000ms, on a connection idle for 3000.000ms)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRig(packetSpec, nil)
				r.net.Backend = func(n int, c *fakenet.End) {
					defer func() { _ = c.Close() }()
					if n == 2 {
						(&play{spec: &packetSpec}).act(t, c, says(tt.reads, done))
						return
					}
					(&play{spec: &packetSpec}).act(t, c, says(p("HGET /b 0"), done))
					r.net.Refuse = tt.refuse
					drain(c) // the second request comes
				}
				c := r.net.Connect(0, r.front)
				in := bufio.NewReader(c)
				_, _ = io.WriteString(c, "GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
				(&play{status: 200, body: "ok"}).check(t, r, in)
				fakenet.Pass(3 * time.Second)
				go func() { _, _ = io.WriteString(c, tt.send) }()
				res, err := http.ReadResponse(in, nil)
				if err != nil || res.StatusCode != tt.status {
					t.Fatalf("%+v, %v", res, err)
				}
				_ = c.Close()
				synctest.Wait()
				e := r.ended[1]
				tries := 1
				if tt.status == 200 || tt.refuse {
					tries = 2
				}
				if len(e.tries) != tries || !e.tries[0].Reused || e.tries[0].Idle != 3*time.Second || e.tries[0].Fault == nil {
					t.Errorf("tries %+v", e.tries)
				}
				if e.before != tt.before && tt.status != 200 {
					t.Errorf("before: %q, want %q", e.before, tt.before)
				}
				r.end(t)
			})
		})
	}
}

// A request that the protocol cannot send costs no connection.
func TestUnsent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(packetSpec, nil)
		r.net.Backend = func(_ int, c *fakenet.End) {
			defer func() { _ = c.Close() }()
			(&play{spec: &packetSpec}).act(t, c, says(p("HGET /a 0"), done))
		}
		for _, q := range []struct {
			field string
			want  play
		}{{"Range: x\r\n", play{status: 400, fault: "client send-request"}}, {"", play{status: 200, body: "ok"}}} {
			c := r.net.Connect(0, r.front)
			_, _ = io.WriteString(c, "GET /a HTTP/1.1\r\nHost: x\r\n"+q.field+"\r\n")
			q.want.check(t, r, bufio.NewReader(c))
			_ = c.Close()
			synctest.Wait()
		}
		if n := r.net.Dials(); n != 1 {
			t.Errorf("%d connections", n)
		}
		r.end(t)
	})
}

// drain takes what comes within five seconds.
func drain(c *fakenet.End) {
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.Copy(io.Discard, c)
}

// What an exchange waited for is in its try.
func TestTimesOfTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(packetSpec, func(r *rig) { r.worker.Max = 1 })
		r.net.Backend = func(_ int, c *fakenet.End) {
			defer func() { _ = c.Close() }()
			(&play{spec: &packetSpec}).act(t, c, says(p("HGET /a 0"), after5s+done, p("HGET /a 0"), after5s+p("S200")+after5s+p("E-")))
		}
		for range 2 {
			c := r.net.Connect(0, r.front)
			_, _ = io.WriteString(c, getHead)
			synctest.Wait()
			defer func() { _ = c.Close() }()
		}
		fakenet.Pass(time.Minute)
		synctest.Wait()
		if len(r.ended) != 2 {
			t.Fatalf("%d exchanges", len(r.ended))
		}
		for i, want := range []string{"false 0s 5s 5s", "true 5s 10s 15s"} {
			y := r.ended[i].tries[0]
			if got := fmt.Sprint(y.Reused, y.Queue, y.FirstByte, y.Took); got != want || y.Addr != "192.0.2.9:80" {
				t.Errorf("try %d: %s %s, want %s", i, got, y.Addr, want)
			}
		}
		synctest.Wait()
		r.end(t)
	})
}

// The times of a name's look-up and of opening connections are in the try, also
// those of an address that refused.
func TestTimesOfConnecting(t *testing.T) {
	conf := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(conf, []byte("nameserver 192.0.2.53\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		r := newRig(packetSpec, func(r *rig) {
			names := &resolve.Resolver{ResolvConf: conf, Hosts: os.DevNull, Exchange: slowly, Reach: func(netip.Addr) bool { return true }}
			r.worker.State = worker.NewState(resolve.NewName(names, "app.test", resolve.ByTTL), nil, 1)
			r.worker = worker.New(r.worker.Config, r.worker.Protocol, r.worker.State)
			r.net.Slow, r.net.FailAt = 3*time.Second, 2 // the first operation reads the request
		})
		r.net.Backend = func(_ int, c *fakenet.End) {
			defer func() { _ = c.Close() }()
			(&play{spec: &packetSpec}).act(t, c, says(p("HGET /a 0"), done))
		}
		c := r.net.Connect(0, r.front)
		go func() { _, _ = io.WriteString(c, getHead) }()
		(&play{status: 200, body: "ok"}).check(t, r, bufio.NewReader(c))
		_ = c.Close()
		if !strings.HasPrefix(r.net.Failed(), "dial ") {
			t.Fatalf("%q failed", r.net.Failed())
		}
		y := r.ended[0].tries[0]
		if got := fmt.Sprint(y.Resolve, y.Connect, y.FirstByte, y.Took, " ", y.Addr); got != "2s 6s 8s 8s 192.0.2.8:80" {
			t.Errorf("resolve, connect, first byte, end: %s", got)
		}
		synctest.Wait()
		r.end(t)
	})
}

// slowly responds to a look-up after two seconds with two addresses.
func slowly(_ context.Context, _ string, _ netip.AddrPort, q *dns.Msg) (*dns.Msg, error) {
	fakenet.Pass(2 * time.Second)
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	if q.Question[0].Qtype == dns.TypeA {
		for _, a := range []string{"192.0.2.7", "192.0.2.8"} {
			rr, err := dns.NewRR(q.Question[0].Name + " 60 IN A " + a)
			if err != nil {
				return nil, err
			}
			m.Answer = append(m.Answer, rr)
		}
	}
	return m, nil
}

// Whatever operation fails, an exchange ends, frees what it holds, and its client
// can tell a cut response from a whole one.
func TestEveryFailure(t *testing.T) {
	for _, row := range []*play{
		find(t, "packets: each one is asked for"), find(t, "packets: the word is given"), find(t, "a large upload with a pause"),
	} {
		t.Run(row.name, func(t *testing.T) {
			for at := 1; ; at++ {
				reached := false
				synctest.Test(t, func(t *testing.T) { reached = row.fail(t, at) })
				if !reached {
					if at < 8 {
						t.Errorf("only %d operations", at-1)
					}
					return
				}
			}
		})
	}
}

// find returns a case of TestCodecs.
func find(t *testing.T, name string) *play {
	for _, c := range append(append([]play{}, cgiCases...), packetCases...) {
		if c.name == name {
			return &c
		}
	}
	t.Fatalf("no case %q", name)
	return nil
}

// fail plays p with one operation failing; false: there are fewer.
func (p *play) fail(t *testing.T, at int) (reached bool) {
	r := newRig(*p.spec, func(r *rig) {
		r.net.FailAt = at
		if p.ping {
			r.worker.Ping = 3 * time.Second
		}
		r.net.Backend = func(_ int, c *fakenet.End) {
			defer func() { _ = c.Close() }()
			for i, turn := range p.backend {
				if i%2 == 1 {
					p.tell(c, turn)
				} else if p.spec == &packetSpec && take(c, turn) != nil {
					return
				} else if p.spec != &packetSpec {
					if _, err := io.CopyN(io.Discard, c, int64(len(turn))); err != nil {
						return
					}
				}
			}
		}
	})
	c := r.net.Connect(0, r.front)
	go func() { _, _ = io.WriteString(c, p.send+p.then) }()
	_ = c.SetReadDeadline(time.Now().Add(time.Hour))
	if res, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
		body, err := io.ReadAll(res.Body)
		if res.StatusCode == p.status && err == nil && string(body) != p.body {
			t.Errorf("operation %d (%s): %d bytes pass for the whole", at, r.net.Failed(), len(body))
		}
	}
	_ = c.Close()
	r.end(t)
	if t.Failed() {
		t.Logf("operation %d: %s", at, r.net.Failed())
	}
	return r.net.Failed() != ""
}

// A body without frames is spliced, both ways, where the client gets none either.
func TestSplice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		row := find(t, "a large upload with a pause")
		r := newRig(cgiSpec, func(r *rig) {
			r.net.Splice = true
			r.net.Backend = func(_ int, c *fakenet.End) {
				defer func() { _ = c.Close() }()
				row.act(t, c, row.backend)
			}
		})
		c := r.net.Connect(0, r.front)
		go func() { _, _ = io.WriteString(c, strings.Replace(row.send, "HTTP/1.1", "HTTP/1.0", 1)+row.then) }()
		(&play{status: 200, body: row.body}).check(t, r, bufio.NewReader(c))
		_ = c.Close()
		r.end(t)
		if n := r.net.Spliced(); n < 120_000 {
			t.Errorf("%d bytes were spliced", n)
		}
	})
}
