package seed

import (
	"regexp"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// ask sends one request from an address of this machine.
func ask(t *testing.T, s *testkit.Server, from, head string) *testkit.Response {
	t.Helper()
	c := testkit.DialFrom(t, from, s.Addr())
	defer c.Close()
	c.Send(head + "\r\nConnection: close\r\n\r\n")
	method, _, _ := strings.Cut(head, " ")
	r, err := c.Read(method)
	if err != nil {
		t.Fatalf("%q: %v", head, err)
	}
	return r
}

// security starts the article's hardening in front of an application. Each value of missing is a line that is left
// out, so that a test can show the effect of that line.
func security(t *testing.T, missing ...string) (*testkit.Server, *testkit.Origin) {
	t.Helper()
	// The network that may use the proxy is replaced by one of this machine.
	text := conf(t, "06-security.conf", "192.168.1.0/24", "127.0.1.0/24")
	for _, line := range missing {
		if !strings.Contains(text, line) {
			t.Fatalf("the file has no %q", line)
		}
		text = strings.Replace(text, line, "", 1)
	}
	app := testkit.NewOrigin(t)
	app.Default(testkit.MustAnswer("respond 200 -h 'Via: 1.0 inner' application"))
	text += "ProxyPass /local !\nProxyPass / http://127.0.0.1:" + app.Port() + "/\n"
	return testkit.StartHeadgate(t, "", testkit.Site{Conf: text}), app
}

const (
	inside  = "127.0.1.7"
	outside = "127.0.2.7"
	page    = "GET /page HTTP/1.1\r\nHost: example.com"
)

func TestSecurityAccess(t *testing.T) {
	s, app := security(t)
	if r := ask(t, s, outside, page); r.Status != 403 {
		t.Errorf("from outside of the network: %d", r.Status)
	}
	if n := len(app.Requests()); n != 0 {
		t.Errorf("the application saw %d requests from outside", n)
	}
	if r := ask(t, s, inside, page); r.Status != 200 || string(r.Body) != "application" {
		t.Errorf("from inside: %d %q", r.Status, r.Body)
	}
	// <Proxy *> does not apply to requests that are not proxied.
	if r := ask(t, s, outside, "GET /local HTTP/1.1\r\nHost: example.com"); r.Status != 404 {
		t.Errorf("a path that is not proxied: %d", r.Status)
	}
	t.Run("each line", func(t *testing.T) {
		for _, c := range []struct {
			missing         string
			inside, outside int
		}{
			{"Deny from all", 200, 200},
			{"Allow from 127.0.1.0/24", 403, 403},
			{"Order deny,allow", 200, 403},
		} {
			s, _ := security(t, c.missing)
			in, out := ask(t, s, inside, page).Status, ask(t, s, outside, page).Status
			if in != c.inside || out != c.outside {
				t.Errorf("without %q: %d and %d, want %d and %d", c.missing, in, out, c.inside, c.outside)
			}
		}
	})
}

// TestSecurityNoForwardProxy: a request for the URL of another server is never forwarded there.
func TestSecurityNoForwardProxy(t *testing.T) {
	s, app := security(t)
	other := testkit.NewOrigin(t)
	for _, head := range []string{
		"GET http://" + other.Addr() + "/secret HTTP/1.1\r\nHost: " + other.Addr(),
		"GET http://" + other.Addr() + "/secret HTTP/1.1\r\nHost: example.com",
		"GET http://example.com/page HTTP/1.1\r\nHost: example.com",
	} {
		if r := ask(t, s, inside, head); r.Status != 200 || string(r.Body) != "application" {
			t.Errorf("%q: %d %q: the path belongs to our own mapping", head, r.Status, r.Body)
		}
	}
	if r := ask(t, s, inside, "CONNECT "+other.Addr()+" HTTP/1.1\r\nHost: "+other.Addr()); r.Status != 405 {
		t.Errorf("CONNECT: %d", r.Status)
	}
	if r := ask(t, s, inside, "GET ftp://"+other.Addr()+"/ HTTP/1.1\r\nHost: example.com"); r.Status < 400 {
		t.Errorf("ftp: %d", r.Status)
	}
	if accepted, _ := other.Conns(); accepted != 0 {
		t.Errorf("%d connections to another server", accepted)
	}
	for _, r := range app.Requests() {
		if strings.Contains(r.Line, "://") {
			t.Errorf("the application saw %q", r.Line)
		}
	}
}

// TestSecurityVia: with ProxyVia Off a Via is neither added nor removed, in both directions.
func TestSecurityVia(t *testing.T) {
	s, app := security(t)
	r := ask(t, s, inside, page)
	if via := testkit.Lookup(r.Fields, "Via"); len(via) != 1 || via[0] != "1.0 inner" {
		t.Errorf("Via of the response: %q", via)
	}
	ask(t, s, inside, page+"\r\nVia: 1.1 client")
	saw := app.Requests()
	for i, want := range []string{"", "1.1 client"} {
		if via := strings.Join(testkit.Lookup(saw[i].Fields, "Via"), ", "); via != want {
			t.Errorf("Via of request %d: %q, want %q", i, via, want)
		}
	}
}

// TestSecurityNames: no version in the Server field, no signature on generated pages, and the fields of the article
// on responses of the application, on refused requests and on malformed ones.
func TestSecurityNames(t *testing.T) {
	s, app := security(t)
	version := regexp.MustCompile(`(?i)\d+\.\d+|unix|<address>`)
	for _, c := range []struct {
		name, from, head string
		status           int
	}{
		{"the application", inside, page, 200},
		{"refused", outside, page, 403},
		{"not found", inside, "GET /local HTTP/1.1\r\nHost: example.com", 404},
		{"CONNECT", inside, "CONNECT a.test:1 HTTP/1.1\r\nHost: a.test:1", 405},
	} {
		r := ask(t, s, c.from, c.head)
		if r.Status != c.status {
			t.Errorf("%s: %d, want %d", c.name, r.Status, c.status)
		}
		if got := r.Header("Server"); got == "" || version.MatchString(got) {
			t.Errorf("%s: Server: %q", c.name, got)
		}
		if c.status != 200 && version.Match(r.Body) {
			t.Errorf("%s: the page is %q", c.name, r.Body)
		}
		frame, sniff := testkit.Lookup(r.Fields, "X-Frame-Options"), testkit.Lookup(r.Fields, "X-Content-Type-Options")
		if strings.Join(frame, ",") != "DENY" || strings.Join(sniff, ",") != "nosniff" {
			t.Errorf("%s: X-Frame-Options %q, X-Content-Type-Options %q", c.name, frame, sniff)
		}
	}
	app.Close()
	r := ask(t, s, inside, page)
	if r.Status != 503 || r.Header("X-Frame-Options") != "DENY" || version.Match(r.Body) {
		t.Errorf("without the application: %d, %v, %q", r.Status, r.Fields, r.Body)
	}
	t.Run("each line", func(t *testing.T) {
		full, _ := security(t, "ServerTokens Prod", "Header always set X-Frame-Options DENY")
		r := ask(t, full, inside, page)
		if got := r.Header("Server"); !version.MatchString(got) {
			t.Errorf("without ServerTokens: Server: %q", got)
		}
		if r.Header("X-Frame-Options") != "" || r.Header("X-Content-Type-Options") != "nosniff" {
			t.Errorf("without one Header line: %v", r.Fields)
		}
	})
}
