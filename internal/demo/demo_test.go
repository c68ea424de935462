package demo

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
	"golang.org/x/net/websocket"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func start(t *testing.T) *Backends {
	t.Helper()
	b, err := Start(func(b *Backends) string {
		b.TLSPort = 8443
		return Config(b, "127.0.0.1", 8080, "/tmp/cert.pem", "/tmp/key.pem")
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestPage(t *testing.T) {
	b := start(t)
	req, err := http.NewRequest(http.MethodGet, "http://"+b.PageAddr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", "<script>192.0.2.1")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"GET / HTTP/1.1", "X-Forwarded-For:</b> &lt;script&gt;192.0.2.1", "ProxyPass        /echo/", b.PageAddr, "</html>",
		"https://localhost:8443/", "Listen 127.0.0.1:8443 https", "&#34;/tmp/key.pem&#34;"} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestClockFlushes(t *testing.T) {
	b := start(t)
	res, err := http.Get("http://" + b.PageAddr + "/events")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	line, err := bufio.NewReader(res.Body).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "data: ") {
		t.Fatalf("first event %q, %v", line, err)
	}
}

func TestEcho(t *testing.T) {
	b := start(t)
	res, err := http.Post("http://"+b.EchoAddr[1]+"/a?b", "text/plain", strings.NewReader("some body"))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if got := string(body); !strings.HasPrefix(got, "POST /a?b HTTP/1.1\nHost: "+b.EchoAddr[1]+"\n") || !strings.HasSuffix(got, "\n\nsome body") {
		t.Errorf("echo said:\n%s", got)
	}
}

func TestChat(t *testing.T) {
	b := start(t)
	c, err := websocket.Dial("ws://"+b.PageAddr+"/chat", "", "http://localhost/")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var got string
	if err := errors.Join(websocket.Message.Send(c, "hello"), websocket.Message.Receive(c, &got)); err != nil || got != "hello" {
		t.Errorf("%q came back: %v", got, err)
	}
}
