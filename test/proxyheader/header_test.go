package proxyheader

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/websocket"

	"github.com/headgate/headgate/internal/testkit"
)

// forEngines runs a test on each engine.
func forEngines(t *testing.T, f func(t *testing.T, engine string)) {
	for _, engine := range engines {
		t.Run(engine, func(t *testing.T) { f(t, engine) })
	}
}

// TestProtocols: a header comes first, whatever a backend speaks, and one connection for each client serves its requests.
func TestProtocols(t *testing.T) {
	forEngines(t, func(t *testing.T, engine string) {
		secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
		t.Cleanup(secure.Close)
		origin := func(o *testkit.Origin) string {
			o.Default(testkit.MustAnswer("respond 200 ok"))
			return o.Addr()
		}
		for _, row := range []struct {
			scheme, addr, more string
			reuse              bool
		}{
			{"http", origin(testkit.NewOrigin(t)), "", true},
			{"http", origin(testkit.NewOrigin(t)), " enablereuse=off", false},
			{"https", secure.Listener.Addr().String(), "", true},
			{"fcgi", origin(testkit.NewFCGIOrigin(t)), "", false},
			{"fcgi", origin(testkit.NewFCGIOrigin(t)), " enablereuse=on", true},
			{"ajp", origin(testkit.NewAJPOrigin(t)), "", true},
			{"scgi", origin(testkit.NewSCGIOrigin(t)), "", false},
			{"uwsgi", origin(testkit.NewUWSGIOrigin(t)), "", false},
		} {
			for _, v := range []string{"v1", "v2"} {
				t.Run(row.scheme+row.more+" "+v, func(t *testing.T) {
					d := newDoor(t, row.addr)
					s := testkit.StartHeadgate(t, engine, testkit.Site{
						Conf: "ProxyPass / " + row.scheme + "://127.0.0.1:${o}/ proxyprotocol=" + v + row.more + "\nSSLProxyEngine on\nSSLProxyVerify none\nSSLProxyCheckPeerName off\n",
						Vars: map[string]string{"o": d.port()}, Env: []string{"HEADGATE_LOOPS=1"},
					})
					var want []string
					for _, from := range []string{"127.0.0.1", "127.0.0.5"} {
						if r := get(t, s, from, "/", 3); r.Status != 200 || string(r.Body) != "ok" {
							t.Errorf("%d %q\n%s", r.Status, r.Body, s.Logs())
						}
						for i := range 3 {
							if i == 0 || !row.reuse {
								want = append(want, v+" "+from)
							}
						}
					}
					if got := d.seen(); !slices.Equal(got, want) {
						t.Errorf("%q, want %q", got, want)
					}
				})
			}
		}
	})
}

// TestRemoteIP: the header names the client that mod_remoteip found, and a connection is used again for no other, also
// while max= makes requests wait for each other.
func TestRemoteIP(t *testing.T) {
	forEngines(t, func(t *testing.T, engine string) {
		o := testkit.NewOrigin(t)
		o.Default(testkit.MustAnswer("respond 200 ok"))
		d := newDoor(t, o.Addr())
		s := testkit.StartHeadgate(t, engine, testkit.Site{
			Conf: "RemoteIPHeader X-Client\nProxyPass /max/ http://127.0.0.1:${o}/max/ proxyprotocol=v2 max=1\nProxyPass / http://127.0.0.1:${o}/ proxyprotocol=v1\n",
			Vars: map[string]string{"o": d.port()}, Env: []string{"HEADGATE_LOOPS=1"},
		})
		c := testkit.Dial(t, s.Addr())
		var want []string
		for _, path := range []string{"/", "/max/"} {
			for _, client := range []string{"192.0.2.1", "2001:db8::1", "192.0.2.1", "192.0.2.2"} {
				ask(t, c, path, "X-Client: "+client)
				ask(t, c, path, "X-Client: "+client)
				// what max= allows is one connection, which makes room for another client's
				if v := map[string]string{"/": "v1 ", "/max/": "v2 "}[path] + client; path == "/max/" || !slices.Contains(want, v) {
					want = append(want, v)
				}
			}
		}
		if got := d.seen(); !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

// TestMembers: members of a balancer have their own setting, checks speak of no client, and a WebSocket has a header too.
func TestMembers(t *testing.T) {
	forEngines(t, func(t *testing.T, engine string) {
		echo := httptest.NewServer(websocket.Handler(func(c *websocket.Conn) { _, _ = io.Copy(c, c) }))
		t.Cleanup(echo.Close)
		o := testkit.NewOrigin(t)
		o.Default(testkit.MustAnswer("respond 200 ok"))
		one, two, ws, tcp := newDoor(t, o.Addr()), newDoor(t, o.Addr()), newDoor(t, echo.Listener.Addr().String()), newDoor(t, o.Addr())
		s := testkit.StartHeadgate(t, engine, testkit.Site{
			Conf: `<Proxy balancer://all>
    BalancerMember http://127.0.0.1:${one} proxyprotocol=v1 hcmethod=GET hcinterval=1
    BalancerMember http://127.0.0.1:${two} proxyprotocol=v2 hcmethod=HEAD11 hcinterval=1
    BalancerMember http://127.0.0.1:${tcp} proxyprotocol=v2 hcmethod=TCP hcinterval=1 status=+D
</Proxy>
ProxyPass /ws ws://127.0.0.1:${ws}/
ProxyPass / balancer://all/
<Proxy ws://127.0.0.1:${ws}/>
    ProxySet proxyprotocol=v2
</Proxy>
`,
			Vars: map[string]string{"one": one.port(), "two": two.port(), "ws": ws.port(), "tcp": tcp.port()}, Env: []string{"HEADGATE_LOOPS=1"},
		})
		c, err := websocket.Dial("ws://"+s.Addr()+"/ws", "", "http://localhost/")
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := websocket.Message.Send(c, "hello"); err != nil {
			t.Fatal(err)
		}
		if err := websocket.Message.Receive(c, &got); err != nil || got != "hello" {
			t.Errorf("%q, %v", got, err)
		}
		_ = c.Close()
		if got := ws.seen(); !slices.Equal(got, []string{"v2 127.0.0.1"}) {
			t.Errorf("%q", got)
		}
		get(t, s, "127.0.0.7", "/", 4)
		for d, v := range map[*door]string{one: "v1 ", two: "v2 ", tcp: "v2 "} {
			testkit.Eventually(t, "a check", func() bool { return slices.Contains(d.seen(), v+"own") })
			for _, h := range d.seen() {
				if h != v+"own" && h != v+"127.0.0.7" {
					t.Errorf("%q", h)
				}
			}
		}
		for _, d := range []*door{one, two} {
			if n := len(slices.DeleteFunc(d.seen(), func(h string) bool { return strings.HasSuffix(h, "own") })); n != 1 {
				t.Errorf("%d connections for one client: %q", n, d.seen())
			}
		}
	})
}

// TestAccepted: Headgate and httpd behind it take the client of the header for theirs.
func TestAccepted(t *testing.T) {
	backend := testkit.Site{Conf: "RemoteIPProxyProtocol On\nHeader always set X-Client expr=%{REMOTE_ADDR}\n", Files: map[string]string{"htdocs/index.html": "ok"}}
	starts := map[string]func() *testkit.Server{
		"headgate": func() *testkit.Server { return testkit.StartHeadgate(t, "", backend) },
	}
	if _, ok := testkit.FindHttpd(); ok {
		starts["httpd"] = func() *testkit.Server { return testkit.StartHttpd(t, backend) }
	}
	for name, start := range starts {
		b := start()
		for _, v := range []string{"v1", "v2"} {
			s := testkit.StartHeadgate(t, "", testkit.Site{
				Conf: fmt.Sprintf("ProxyPass / http://127.0.0.1:${o}/ proxyprotocol=%s\n", v), Vars: map[string]string{"o": b.Port},
			})
			for _, from := range []string{"127.0.0.1", "127.0.0.9"} {
				if r := get(t, s, from, "/index.html", 2); r.Header("X-Client") != from {
					t.Errorf("%s, %s: %d, client %q, want %q", name, v, r.Status, r.Header("X-Client"), from)
				}
			}
		}
	}
}
