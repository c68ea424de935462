package onward

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// TestRemote goes to https backends through another Headgate, and through proxies that do not do what they should.
func TestRemote(t *testing.T) {
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Method+" "+r.URL.Path) }))
	t.Cleanup(secure.Close)
	to, _ := url.Parse(secure.URL)
	users := map[string]string{"users": "me:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n"}
	vars := map[string]string{"tls": to.Port()}
	next := testkit.StartHeadgate(t, "", testkit.Site{Conf: conf, Vars: vars, Files: users})
	vars["next"] = next.Port
	for name, says := range map[string]string{
		"no": "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n", "garbage": "220 mail.test ESMTP\r\n\r\n", "more": "HTTP/1.1 200 OK\r\n\r\nbytes", "cut": "HTTP/1.1 200 OK\r\nX: ", "silent": "",
	} {
		vars[name] = answering(t, says)
	}
	s := testkit.StartHeadgate(t, "", testkit.Site{Vars: vars, Conf: `SSLProxyEngine on
SSLProxyVerify none
SSLProxyCheckPeerName off
SSLProxyCheckPeerExpire off
ProxyRemote https://127.0.0.1:${tls}/good http://127.0.0.1:${next} me:password
ProxyRemote https://127.0.0.1:${tls}/wrong http://127.0.0.1:${next} me:other
ProxyRemote https://127.0.0.1:${tls}/port http://127.0.0.1:${next} me:password
ProxyRemote https://127.0.0.1:${tls}/no http://127.0.0.1:${no}
ProxyRemote https://127.0.0.1:${tls}/garbage http://127.0.0.1:${garbage}
ProxyRemote https://127.0.0.1:${tls}/more http://127.0.0.1:${more}
ProxyRemote https://127.0.0.1:${tls}/cut http://127.0.0.1:${cut}
ProxyRemote https://127.0.0.1:${tls}/silent http://127.0.0.1:${silent}
ProxyPass / https://127.0.0.1:${tls}/ connectiontimeout=1
`})
	for _, c := range []struct{ path, want, log string }{
		{"/direct", "200 GET /direct", ""},
		{"/good", "200 GET /good", ""},
		{"/wrong", "502", "does not connect to 127.0.0.1:" + to.Port() + ": HTTP/1.1 407"},
		{"/no", "502", "does not connect to 127.0.0.1:" + to.Port() + ": HTTP/1.1 503 No"},
		{"/garbage", "502", "its response is malformed"},
		{"/more", "502", "it sent bytes that nobody asked for"},
		{"/cut", "503", "backend connect: "},
		{"/silent", "503", "backend connect: timeout"},
	} {
		// A POST with a body is not tried again elsewhere.
		resp, err := http.Post("http://127.0.0.1:"+s.Port+c.path, "text/plain", strings.NewReader("x"))
		if err != nil {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		got := strings.Replace(string(body), "POST", "GET", 1)
		if resp.StatusCode == 200 {
			got = "200 " + got
		} else {
			got = resp.Status[:3]
		}
		told := func() bool { return strings.Contains(s.File("error.log"), c.log) }
		if got != c.want || !testkit.Poll(5*time.Second, told) {
			t.Errorf("%s: %q, want %q and in the log %q:\n%s", c.path, got, c.want, c.log, s.File("error.log"))
		}
	}
}

// answering starts a server that reads a head, says something and ends the connection; with nothing to say it waits.
func answering(t *testing.T, says string) (port string) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				buf := make([]byte, 4096)
				_, _ = c.Read(buf)
				if says == "" {
					_, _ = c.Read(buf) // until the other side gives up
				}
				_, _ = io.WriteString(c, says)
			}()
		}
	}()
	_, port, _ = net.SplitHostPort(ln.Addr().String())
	return port
}

// TestRemoteLogin: the login for a proxy is not shown to a backend that is connected to directly because the proxy failed.
func TestRemoteLogin(t *testing.T) {
	o := testkit.NewOrigin(t)
	s := testkit.StartHeadgate(t, "", testkit.Site{
		Vars: map[string]string{"o1": o.Port(), "garbage": answering(t, "220 mail.test ESMTP\r\n\r\n")},
		Conf: "ProxyRemote http://127.0.0.1:${o1}/ http://127.0.0.1:${garbage} me:password\nProxyPass / http://127.0.0.1:${o1}/\n",
	})
	resp, err := http.Get("http://127.0.0.1:" + s.Port + "/a")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	seen := o.Requests()
	if resp.StatusCode != 200 || len(seen) != 1 || seen[0].Line != "GET /a HTTP/1.1" || len(testkit.Lookup(seen[0].Fields, "Proxy-Authorization")) != 0 {
		t.Errorf("%s: %+v", resp.Status, seen)
	}
}
