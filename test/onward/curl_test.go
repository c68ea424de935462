// Package onward goes through Headgate as a forward proxy with a client that people use.
package onward

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

const conf = `ProxyRequests On
AllowCONNECT ${tls}
HeadgateForwardAllow 127.0.0.1
<Proxy *>
    AuthType Basic
    AuthName "proxy"
    AuthUserFile ${dir}/users
    Require valid-user
</Proxy>
`

// TestCurl goes to http and https, with and without credentials.
func TestCurl(t *testing.T) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		testkit.SkipPeer(t, "no curl installed (scripts/install-peers installs it)")
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("hello " + r.URL.Path + " " + r.Header.Get("Proxy-Authorization")))
	})
	plain, secure := httptest.NewServer(h), httptest.NewTLSServer(h)
	t.Cleanup(plain.Close)
	t.Cleanup(secure.Close)
	to, _ := url.Parse(secure.URL)
	s := testkit.StartHeadgate(t, "", testkit.Site{
		Conf: conf, Vars: map[string]string{"tls": to.Port()}, Files: map[string]string{"users": "me:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n"},
	})
	proxy := "http://127.0.0.1:" + s.Port
	for _, c := range []struct{ url, user, want string }{
		{plain.URL + "/a", "me:password", "200 000 hello /a "},
		{plain.URL + "/a", "", "407 000"},
		{plain.URL + "/a", "me:wrong", "407 000"},
		{secure.URL + "/b", "me:password", "200 200 hello /b "},
		{secure.URL + "/b", "", "000 407"},
		{secure.URL + "/b", "me:wrong", "000 407"},
		{"https://127.0.0.1:1/", "me:password", "000 403"},
		{"https://localhost.invalid:" + to.Port() + "/", "me:password", "000 502"},
	} {
		args := []string{"-s", "-k", "-x", proxy, "-o", "-", "-w", "\n%{http_code} %{http_connect}", c.url, "--max-time", "20"}
		if c.user != "" {
			args = append(args, "-U", c.user)
		}
		out, _ := exec.Command(curl, args...).Output()
		body, codes := string(out), ""
		if i := strings.LastIndexByte(body, '\n'); i >= 0 {
			body, codes = body[:i], body[i+1:]
		}
		got := codes
		if strings.HasPrefix(codes, "200") {
			got += " " + body
		}
		if got != c.want {
			t.Errorf("%s as %q: %q, want %q", c.url, c.user, got, c.want)
		}
	}
}
