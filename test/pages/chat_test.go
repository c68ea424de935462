package pages

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"golang.org/x/net/websocket"

	"github.com/headgate/headgate/internal/testkit"
)

// chatPage says something every few milliseconds, and counts what comes back in order; lost is set when its WebSocket ends or
// anything else comes back.
const chatPage = `<!DOCTYPE html><title>Chat</title><p id="lost"></p><p id="heard">0</p>
<script>
let heard = 0, sent = 0
const lost = why => { if (!lost.now) document.getElementById("lost").innerText = lost.now = why }
const socket = new WebSocket(location.href.replace(/^http/, "ws") + "room")
socket.onmessage = e => {
	if (e.data !== "message " + heard + " " + "x".repeat(heard % 500)) lost("heard " + e.data)
	document.getElementById("heard").innerText = ++heard
}
socket.onclose = e => lost("closed " + e.code)
socket.onerror = () => lost("failed")
socket.onopen = () => setInterval(() => { socket.send("message " + sent + " " + "x".repeat(sent++ % 500)) }, 5)
</script>`

// chatServer serves the page, and its WebSocket at paths that end in /room.
func chatServer(t *testing.T) (port string) {
	t.Helper()
	room := http.Handler(websocket.Handler(func(c *websocket.Conn) {
		for {
			var m string
			if websocket.Message.Receive(c, &m) != nil || websocket.Message.Send(c, m) != nil {
				return
			}
		}
	}))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/room") {
			room.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, chatPage)
	}))
	t.Cleanup(s.Close)
	return s.URL[strings.LastIndexByte(s.URL, ':')+1:]
}

// chats has every way to a WebSocket, on a plain port and on one with TLS, for one backend.
const chats = `
SSLCertificateFile certs/www.crt
SSLCertificateKeyFile certs/www.key
Listen 127.0.0.1:${port}
Listen 127.0.0.1:${secure}
<VirtualHost *:${secure}>
    SSLEngine On
    Include ways.conf
</VirtualHost>
<VirtualHost *:${port}>
    Include ways.conf
</VirtualHost>
`

const ways = `
ProxyPass /upgrade/ http://127.0.0.1:${o}/up/ upgrade=websocket
ProxyPass /any/ http://127.0.0.1:${o}/any/ upgrade=ANY
ProxyPass /wstunnel/room ws://127.0.0.1:${o}/room
ProxyPass /wstunnel/ http://127.0.0.1:${o}/
<Proxy balancer://rooms>
    BalancerMember ws://127.0.0.1:${o}
</Proxy>
ProxyPass /balanced/room balancer://rooms/room
ProxyPass /balanced/ http://127.0.0.1:${o}/
RewriteEngine On
RewriteCond %{HTTP:Upgrade} websocket [NC]
RewriteCond %{HTTP:Connection} upgrade [NC]
RewriteRule ^/rewritten/(.*)$ ws://127.0.0.1:${o}/$1 [P,L]
ProxyPass /rewritten/ http://127.0.0.1:${o}/
`

// TestChat: a page chats over ws and over wss, by every way to configure it, while the server is reloaded again and again: nothing
// is lost, changed or out of order.
func TestChat(t *testing.T) {
	o, secure := chatServer(t), strconv.Itoa(testkit.FreePort(t))
	s := testkit.StartHeadgate(t, "", testkit.Site{
		Conf: chats, Files: map[string]string{"ways.conf": ways}, Vars: map[string]string{"o": o, "secure": secure},
	})
	b := openBrowser(t, true)
	b.trustAll()
	for _, base := range []string{"http://localhost:" + s.Port, "https://localhost:" + secure} {
		for _, way := range []string{"wstunnel", "upgrade", "any", "balanced", "rewritten"} {
			b.do(chromedp.Navigate(base + "/" + way + "/"))
			b.wait("the chat runs by "+base+" "+way, `+document.getElementById("heard").innerText > 20`)
			var reloads sync.WaitGroup
			reloads.Go(func() {
				for range 2 {
					if !s.Reload() {
						t.Error("a reload failed")
					}
				}
			})
			reloads.Wait()
			at := b.text("#heard")
			b.wait("it goes on", fmt.Sprintf(`+document.getElementById("heard").innerText > %s + 20`, at))
			if lost := b.text("#lost"); lost != "" {
				t.Errorf("%s %s: %s", base, way, lost)
			}
		}
	}
}
