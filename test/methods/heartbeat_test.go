package methods

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

const beaten = `
DefaultRuntimeDir ${dir}
HeartbeatStorage beats.dat
LISTEN
<Proxy balancer://b lbmethod=heartbeat>
    BalancerMember http://127.0.0.1:${o0}
    BalancerMember http://127.0.0.2:${dead}
</Proxy>
ProxyPass / balancer://b/
`

// What the server says of itself: as the real httpd, which was listened to, it says
// how many requests it has and how many more it can take, once a second, also of
// those that an earlier configuration still has.
func TestHeartbeatAddress(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			ears, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = ears.Close() }()
			hears := func(want string) {
				t.Helper()
				got, buf := "", make([]byte, 1000)
				testkit.Eventually(t, "the heartbeat "+want, func() bool {
					_ = ears.SetReadDeadline(time.Now().Add(2 * time.Second))
					n, _, err := ears.ReadFrom(buf)
					if got = string(buf[:n]); err != nil {
						got = err.Error()
					}
					return got == want
				})
			}
			conf := "MaxRequestWorkers 50\nHeartbeatAddress " + ears.LocalAddr().String() + "\nProxyPass / http://127.0.0.1:${o0}/\n"
			r := newRig(t, engine, conf, 1)
			hears("v=1&ready=50&busy=0")
			r.responds(0, "wait gate; respond 200 x")
			var open []*testkit.Client
			for range 3 {
				c := testkit.Dial(t, r.server.Addr())
				c.Send("GET / HTTP/1.1\r\nHost: www.test\r\n\r\n")
				open = append(open, c)
			}
			hears("v=1&ready=47&busy=3")
			r.server.Configure(strings.Replace(conf, "50", "40", 1))
			if !r.server.Reload() {
				t.Fatal("the reload failed")
			}
			hears("v=1&ready=37&busy=3")
			r.origins[0].Release("gate")
			hears("v=1&ready=40&busy=0")
			for _, c := range open {
				c.Close()
			}
		})
	}
}

// Heartbeats that the server hears itself, and those of a file: without any the
// response is 503, as in httpd.
func TestHeartbeat(t *testing.T) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) {
			at := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
			r := newRig(t, engine, strings.Replace(beaten, "LISTEN", "HeartbeatListen "+at, 1), 1)
			if resp := r.get("/"); resp.Status != 503 {
				t.Errorf("nothing was heard: %d", resp.Status)
			}
			c, err := net.Dial("udp", at)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			testkit.Eventually(t, "a response after a heartbeat", func() bool {
				_, _ = c.Write([]byte("v=1&ready=75&busy=1"))
				return r.get("/").Status == 200
			})
			file := filepath.Join(r.server.Dir, "beats.dat")
			testkit.Eventually(t, "the file of heartbeats", func() bool {
				data, _ := os.ReadFile(file)
				return strings.HasPrefix(string(data), "127.0.0.1 &ready=75&busy=1&lastseen=")
			})
			r.server.Configure("MaxKeepAliveRequests 0\nHeartbeatMaxServers 11\n" + strings.Replace(beaten, "LISTEN", "", 1))
			if err := os.WriteFile(file, []byte("127.0.0.1 ready=7&busy=1&lastseen=10\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if !r.server.Reload() {
				t.Fatal("the reload failed")
			}
			r.redial()
			if resp := r.get("/"); resp.Status != 503 {
				t.Errorf("heard of ten seconds ago: %d", resp.Status)
			}
			if err := os.WriteFile(file, []byte("127.0.0.1 ready=7&busy=1&lastseen=0\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			testkit.Eventually(t, "a response after a new file", func() bool { return r.get("/").Status == 200 })
		})
	}
}
