package engine

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/testkit/fakenet"
	"github.com/headgate/headgate/internal/tunnel"
)

// heldLog is an access log that records how lines of tunnels end.
type heldLog struct {
	mu   sync.Mutex
	text []string
}

func (h *heldLog) Log(x *exchange.Exchange) { h.add(fmt.Sprint("at once ", x.Status)) }

func (h *heldLog) add(s string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = append(h.text, s)
}

func (h *heldLog) lines() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.text, "; ")
}

func (h *heldLog) Hold(x *exchange.Exchange) exchange.HeldLine {
	h.add(fmt.Sprint("held ", x.Status))
	return heldLine{h, x.Times.Start}
}

type heldLine struct {
	h     *heldLog
	began time.Time
}

func (l heldLine) End(e exchange.TunnelEnd) {
	l.h.add(fmt.Sprintf("in %d out %d broken %v after %v", e.In, e.Out, e.Broken, e.Time.Sub(l.began)))
}

// upgrade responds with 101 and joins the client to a new backend.
func upgrade(r *rig, idle time.Duration, released *int) {
	r.chain.Handlers = []exchange.Handler{handlerFunc(func(x *exchange.Exchange) error {
		c, err := x.Loop.Dial(reactor.Dial{})
		if err != nil {
			return err
		}
		x.Resp.Reset()
		x.Resp.Status = 101
		x.Resp.Header.Add([]byte("X-A"), []byte("b"))
		x.Resp.Body = message.Framing{}
		x.Tunnel = &exchange.Upgrade{Backend: c, Early: []byte("first "), Protocol: "echo", Way: new(tunnel.Way), Idle: idle, Ending: exchange.Ending{Release: func() { *released++ }}}
		return x.SendHead(true)
	})}
}

// After 101 the exchange is over: its slot is free and its snapshot can be retired,
// while bytes pass both ways; its log line waits for the end.
func TestTunnel(t *testing.T) {
	for _, tt := range []struct {
		name string
		idle time.Duration
		end  func(c *fakenet.End)
		want string
	}{
		{"client ends", 0, func(c *fakenet.End) { _ = c.CloseWrite() }, "broken false after 0s"},
		{"client breaks", 0, func(c *fakenet.End) { _ = c.Abort() }, "broken true after 0s"},
		{"idle", time.Minute, func(*fakenet.End) {}, "broken false after 1m0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				log, released := new(heldLog), 0
				r := newRig(1, func(r *rig) {
					upgrade(r, tt.idle, &released)
					r.site.AccessLogs = []exchange.AccessLog{log}
					r.net.Backend = func(_ int, c *fakenet.End) {
						_, _ = io.Copy(c, c)
						_ = c.CloseWrite()
					}
				})
				c := r.net.Connect(0, &layers{front: r.front})
				_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: echo\r\nConnection: upgrade\r\n\r\nearly")
				head := readUntil(t, c, "first early")
				for _, want := range []string{"HTTP/1.1 101 ", "\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n", "X-A: b"} {
					if !strings.Contains(head, want) {
						t.Errorf("no %q in %q", want, head)
					}
				}
				synctest.Wait()
				if n := r.pipe.InFlight(); n != 0 {
					t.Errorf("%d requests are in flight", n)
				}
				if got := log.lines(); got != "held 101" {
					t.Errorf("logged %s", got)
				}
				_, _ = io.WriteString(c, "more")
				readUntil(t, c, "more")
				if list := r.front.Tunnels.List(); len(list) != 1 || list[0].FromClient != 4 {
					t.Errorf("listed %+v", list)
				}
				tt.end(c)
				_, _ = io.Copy(io.Discard, c)
				_ = c.Close()
				r.end(t)
				if got, _ := strings.CutPrefix(log.lines(), "held 101; "); got != fmt.Sprintf("in 72 out %d %s", len(head)+len("more"), tt.want) {
					t.Errorf("logged %s, want %s", got, tt.want)
				}
				if released != 1 {
					t.Errorf("released %d times", released)
				}
			})
		})
	}
}
