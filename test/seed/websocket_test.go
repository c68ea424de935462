package seed

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"

	"github.com/headgate/headgate/internal/testkit"
)

// chatRoom is a backend that serves pages, and below /ws/ a WebSocket that sends back what it is told.
func chatRoom(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/ws/", websocket.Handler(func(c *websocket.Conn) {
		for {
			var m string
			if websocket.Message.Receive(c, &m) != nil || websocket.Message.Send(c, c.Request().RequestURI+" "+m) != nil {
				return
			}
		}
	}))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "page "+r.RequestURI) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// TestWebSocket is the article's WebSocket proxy, unchanged: the sockets of one backend next to its pages. What is open
// goes on over a reload.
func TestWebSocket(t *testing.T) {
	text := strings.ReplaceAll(conf(t, "05-websocket.conf"), "backend-server:8080", chatRoom(t))
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: text})
	expect(t, get(t, s, "websocket.example.com", "/some/page"), 200, "page /some/page")

	dial := func(path string) *websocket.Conn {
		to, err := websocket.NewConfig("ws://websocket.example.com"+path, "http://websocket.example.com/")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		c, err := websocket.NewClient(to, raw)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(testkit.Patience))
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	say := func(c *websocket.Conn, path, m string) {
		t.Helper()
		var got string
		if err := websocket.Message.Send(c, m); err != nil {
			t.Fatal(err)
		}
		if err := websocket.Message.Receive(c, &got); err != nil || got != path+" "+m {
			t.Fatalf("%d bytes came back for %d: %v", len(got), len(m), err)
		}
	}
	first := dial("/ws/chat?room=1")
	say(first, "/ws/chat?room=1", "hello")
	if !s.Reload() {
		t.Fatal("the reload failed")
	}
	second := dial("/ws/other")
	for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
		say(first, "/ws/chat?room=1", strings.Repeat("x", size))
		say(second, "/ws/other", strings.Repeat("y", size))
	}
	// Without an upgrade the same path is a page like any other.
	if r := get(t, s, "websocket.example.com", "/ws/chat"); r.Status != 400 {
		t.Errorf("the WebSocket's own refusal is 400, not %d %s", r.Status, r.Body)
	}
}
