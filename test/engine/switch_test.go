package engine

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

// A connection becomes a tunnel only after a 101 that names the requested protocol; any
// other 101 is a fault, and no byte after it reaches the client.
func TestSwitch(t *testing.T) {
	const leak = "SECRET"
	for _, tt := range []struct {
		name    string
		allowed string // upgrade= of the worker, as the forwarder has made it: the protocols
		answer  string
		status  int
		tunnel  bool
	}{
		{"asked", "websocket", "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-A: b\r\n\r\nhello", 101, true},
		{"other case", "websocket", "HTTP/1.1 101 S\r\nupgrade: WebSocket\r\nconnection: upgrade\r\n\r\nhello", 101, true},
		{"one of two", "a, websocket", "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhello", 101, true},
		{"another", "websocket", "HTTP/1.1 101 S\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + leak, 502, false},
		{"none named", "websocket", "HTTP/1.1 101 S\r\nConnection: Upgrade\r\n\r\n" + leak, 502, false},
		{"not in Connection", "websocket", "HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n" + leak, 502, false},
		{"not asked", "", "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n" + leak, 502, false},
		{"with a length", "websocket", "HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 6\r\n\r\n" + leak, 502, false},
		{"declined", "websocket", okAnswer, 200, false},
		{"refused", "websocket", "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n", 426, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				var got *http.Request
				r := newRig(1, func(r *rig) {
					r.out = func(x *exchange.Exchange) {
						if tt.allowed != "" {
							x.Out.Upgrade = []byte(tt.allowed)
						}
					}
					r.net.Backend = func(_ int, c *fakenet.End) {
						defer func() { _ = c.Close() }()
						br := bufio.NewReader(c)
						q, err := http.ReadRequest(br)
						if err != nil {
							return
						}
						got = q
						_, _ = io.WriteString(c, tt.answer)
						_, _ = io.Copy(c, br)
					}
				})
				c := r.net.Connect(0, &layers{front: r.front})
				_, _ = io.WriteString(c, "GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n")
				synctest.Wait()
				if tt.tunnel {
					_, _ = io.WriteString(c, " world")
				}
				_ = c.CloseWrite()
				b, err := io.ReadAll(c)
				if err != nil {
					t.Error(err)
				}
				text := string(b)
				if !strings.HasPrefix(text, fmt.Sprintf("HTTP/1.1 %d ", tt.status)) || tt.tunnel != strings.HasSuffix(text, "\r\n\r\nhello world") {
					t.Errorf("%q", text)
				}
				if got == nil || got.Header.Get("Upgrade") != tt.allowed {
					t.Errorf("the backend got %+v", got)
				}
				if strings.Contains(text, leak) {
					t.Errorf("bytes passed unread: %q", text)
				}
				_ = c.Close()
				r.end(t)
			})
		})
	}
}
