package recipes

import (
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

var secureBackend = regexp.MustCompile(`(https|wss)://localhost:(\d+)`)

// shows names the servers of testkit by what a page says of a backend.
var shows = map[string]string{
	"": "tgood", "is self-signed": "tself", "has expired": "texpired", "is expired": "texpired", "is revoked": "trevoked",
	"is for another name": "twrong", "is for *.back.test": "twild", "wants a certificate": "tverify", "is of another CA": "tother",
}

// backFiles are the files of a page that has backends with TLS, and those of testkit.
var backFiles = map[string]string{
	"ca.pem": "ca.crt", "client.pem": "client.pem", "revoked.pem": "crl-ca.pem", "self-signed.pem": "self.crt", "old.pem": "crl-old.pem",
}

// secured starts backends with TLS, and returns a configuration with their ports.
func (st *stage) secured(t *testing.T, conf string, kinds map[string]string) string {
	if !secureBackend.MatchString(conf) {
		return conf
	}
	files := testkit.BackFiles()
	for page, name := range backFiles {
		st.files["backends/"+page] = files["back/"+name]
	}
	fronts := map[string]string{}
	return secureBackend.ReplaceAllStringFunc(conf, func(s string) string {
		m := secureBackend.FindStringSubmatch(s)
		if fronts[m[2]] == "" {
			kind, ok := shows[kinds[m[2]]]
			if !ok {
				t.Fatalf("what is it that %s %s?", m[2], kinds[m[2]])
			}
			o := testkit.NewOrigin(t)
			st.origins[m[2]] = o
			fronts[m[2]] = testkit.StartBackTLS(t, o.Addr())[kind]
		}
		return m[1] + "://localhost:" + fronts[m[2]]
	})
}

// distrusted has a backend for each line of "Why 500 or 502?".
const distrusted = `
SSLProxyEngine on
SSLProxyVerify require
SSLProxyCACertificateFile back/ca.crt
ProxyPass /future https://localhost:${tfuture}
ProxyPass /expired https://localhost:${texpired}
ProxyPass /wrong https://localhost:${twrong}
ProxyPass /self https://localhost:${tself}
ProxyPass /other https://localhost:${tother}
ProxyPass /deep https://localhost:${tdeep}
ProxyPass /revoked https://localhost:${trevoked}
ProxyPass /list https://localhost:${tgood}
ProxyPass /client https://localhost:${tclient}
ProxyPass /client12 https://localhost:${tverify12}
ProxyPass /plain https://localhost:${plain}
<Proxy "https://localhost:${trevoked}">
    SSLProxyCARevocationFile back/crl-ca.pem
    SSLProxyCARevocationCheck leaf
</Proxy>
<Proxy "https://localhost:${tgood}">
    SSLProxyCARevocationFile back/crl-old.pem
    SSLProxyCARevocationCheck leaf
</Proxy>
<Proxy "https://localhost:${texpired}">
    SSLProxyVerify none
</Proxy>
<VirtualHost *:${port}>
    ServerName www.test
</VirtualHost>
<VirtualHost *:${port}>
    ServerName off.test
    SSLProxyEngine off
</VirtualHost>
`

// plainPort returns the port of a server that responds in plain HTTP to whatever it gets.
func plainPort(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for c, err := ln.Accept(); err == nil; c, err = ln.Accept() {
			_, _ = c.Read(make([]byte, 16<<10))
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
			_ = c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	return port
}

// TestWhyCertificates has every line that the page lists under "Why 500 or 502?" in the
// error log, as the page has it.
func TestWhyCertificates(t *testing.T) {
	text, err := os.ReadFile("../../docs/recipes/tls-to-backends.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(text), "\n## Why 500 or 502?\n")
	if !ok {
		t.Fatal("the page has no such part")
	}
	lines := logged.FindAllStringSubmatch(part, -1)
	if len(lines) < 10 {
		t.Fatalf("the page has %d lines", len(lines))
	}
	origin := testkit.NewOrigin(t)
	vars := testkit.StartBackTLS(t, origin.Addr())
	vars["plain"] = plainPort(t)
	for _, engine := range []string{"epoll", "goroutine"} {
		s := testkit.StartHeadgate(t, engine, testkit.Site{Conf: distrusted, Vars: vars})
		for target, want := range map[string]int{
			"/future": 500, "/expired": 500, "/wrong": 500, "/self": 500, "/other": 500, "/deep": 500, "/revoked": 500, "/list": 500, "/client": 502, "/client12": 500, "/plain": 500,
		} {
			ask(t, s, target, want)
		}
		c := testkit.Dial(t, s.Addr())
		c.Send("GET /expired HTTP/1.1\r\nHost: off.test\r\n\r\n")
		if resp, err := c.Read("GET"); err != nil || resp.Status != 500 {
			t.Errorf("without SSLProxyEngine: %v, %v", resp, err)
		}
		c.Close()
		for _, m := range lines {
			re := regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(m[1]), `\.\.\.`, ".*"))
			testkit.Eventually(t, "the line "+m[1], func() bool { return re.MatchString(s.Logs()) })
		}
	}
}
