package seed

import (
	"crypto/tls"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// tlsSite is the article's site with TLS: the files of the certificate, the backend and the port are those of the test.
func tlsSite(t *testing.T) (testkit.Site, *testkit.Origin) {
	t.Helper()
	app := testkit.NewOrigin(t)
	text := conf(t, "04-tls.conf", "<VirtualHost *:443>", "<VirtualHost *:${port}>", "/path/to/certificate.crt", "certs/a.crt",
		"/path/to/private.key", "certs/a.key", "internal-server:8080", app.Addr())
	return testkit.Site{Conf: text}, app
}

// TestTLS: the site unchanged, on Headgate and on httpd.
func TestTLS(t *testing.T) {
	for name, start := range map[string]func(t *testing.T, s testkit.Site) *testkit.Server{
		"epoll":     func(t *testing.T, s testkit.Site) *testkit.Server { return testkit.StartHeadgate(t, "epoll", s) },
		"goroutine": func(t *testing.T, s testkit.Site) *testkit.Server { return testkit.StartHeadgate(t, "goroutine", s) },
		"httpd": func(t *testing.T, s testkit.Site) *testkit.Server {
			testkit.NeedHttpd(t)
			return testkit.StartHttpd(t, s)
		},
	} {
		t.Run(name, func(t *testing.T) {
			site, app := tlsSite(t)
			s := start(t, site)
			for _, location := range []struct{ said, want string }{
				{"http://" + app.Addr() + "/x", "https://secure.example.com/x"},
				{"https://secure.example.com/y", "https://secure.example.com/y"},
				{"https://elsewhere.test/z", "https://elsewhere.test/z"},
			} {
				app.Default(testkit.MustAnswer("respond 302 -h 'Location: " + location.said + "' moved"))
				c := testkit.Dial(t, s.Addr())
				if err := c.StartTLS(&tls.Config{InsecureSkipVerify: true, ServerName: "secure.example.com"}); err != nil { //nolint:gosec // of another name
					t.Fatal(err)
				}
				c.Send("GET /a HTTP/1.1\r\nHost: secure.example.com\r\nX-Forwarded-Proto: http\r\n\r\n")
				r, err := c.Read("GET")
				if err != nil || r.Status != 302 || r.Header("Location") != location.want {
					t.Fatalf("%v, %+v; want %s", err, r, location.want)
				}
				rs := app.Requests()
				last := rs[len(rs)-1]
				for _, f := range [][2]string{{"Host", "secure.example.com"}, {"X-Forwarded-Proto", "https"}, {"X-Forwarded-Port", "443"}} {
					if got := testkit.Lookup(last.Fields, f[0]); strings.Join(got, ", ") != f[1] {
						t.Errorf("the backend sees %s: %q", f[0], got)
					}
				}
				c.Close()
			}
			curlTLS(t, s)
			if c := ask(t, s, "", "GET / HTTP/1.1\r\nHost: secure.example.com"); c.Status != 400 {
				t.Errorf("plain HTTP gets %d", c.Status)
			}
		})
	}
}

// curlTLS gets a page with curl, by TLS 1.2 and by 1.3.
func curlTLS(t *testing.T, s *testkit.Server) {
	t.Helper()
	bin, err := exec.LookPath("curl")
	if err != nil {
		testkit.SkipPeer(t, "no curl installed (scripts/install-peers installs one)")
	}
	_, port, _ := net.SplitHostPort(s.Addr())
	for _, most := range []string{"1.2", "1.3"} {
		out, err := exec.Command(bin, "-sSk", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "20", "--tls-max", most,
			"--connect-to", "secure.example.com:443:127.0.0.1:"+port, "https://secure.example.com/").CombinedOutput()
		if err != nil || string(out) != "302" {
			t.Errorf("curl --tls-max %s: %s, %v", most, out, err)
		}
	}
}
