package labels

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/labels"
	"github.com/headgate/headgate/internal/testkit"
)

// served are the containers of TestServed: ${a}, ${b} and ${e} are the ports of backends.
const served = `
shop-web-1 project=shop service=web host-network
    headgate.host=shop.test
    headgate.port=${a}
    headgate.sticky=SESSION
    headgate.health=/health interval=100ms
    headgate.conf=Header set X-Conf yes
shop-web-2 project=shop service=web host-network
    headgate.host=shop.test
    headgate.port=${b}
    headgate.sticky=SESSION
    headgate.health=/health interval=100ms
    headgate.conf=Header set X-Conf yes
app project=app service=app host-network
    traefik.http.routers.app.rule=Host(` + "`app.test`" + `) && PathPrefix(` + "`/app`" + `)
    traefik.http.routers.app.middlewares=auth,strip,zip,pages
    traefik.http.services.app.loadbalancer.server.port=${a}
    traefik.http.middlewares.auth.basicauth.users=ada:$apr1$lZL6V/ci$rvivXcOAniEXoYC/wYeIv.
    traefik.http.middlewares.strip.stripprefix.prefixes=/app
    traefik.http.middlewares.zip.compress=true
    traefik.http.middlewares.pages.errors.status=500-599
    traefik.http.middlewares.pages.errors.service=errors
    traefik.http.middlewares.pages.errors.query=/{status}.html
    traefik.http.routers.old.rule=Host(` + "`old.test`" + `)
    traefik.http.routers.old.middlewares=move
    traefik.http.routers.old.service=noop@internal
    traefik.http.middlewares.move.redirectregex.regex=^http://old\.test(:[0-9]+)?/(.*)
    traefik.http.middlewares.move.redirectregex.replacement=http://app.test${1}/app/${2}
errors project=app service=errors host-network
    traefik.http.services.errors.loadbalancer.server.port=${e}
`

// TestServed: a running server does what the text says, with connections and with files of passwords.
func TestServed(t *testing.T) {
	for _, engine := range []string{"epoll", "goroutine"} {
		t.Run(engine, func(t *testing.T) {
			a, b, e := testkit.NewOrigin(t), testkit.NewOrigin(t), testkit.NewOrigin(t)
			a.Default(testkit.MustAnswer("respond 200 " + strings.Repeat("a", 2000)))
			b.Default(testkit.MustAnswer("respond 200 b"))
			a.At("/broken", testkit.MustAnswer("respond 503 broken"))
			e.Default(testkit.MustAnswer("respond 200 'page of errors'"))
			text := strings.NewReplacer("${a}", a.Port(), "${b}", b.Port(), "${e}", e.Port()).Replace(served)
			r := labels.Translate(containersOf(t, text), labels.Options{
				PasswordDir: "conf", Entrypoints: map[string]labels.Entrypoint{"web": {Address: "*:PORT"}},
			})
			if len(r.Problems) > 0 {
				t.Fatal(r.Problems)
			}
			site := testkit.Site{Conf: strings.ReplaceAll(r.Config(), "*:PORT", "*:${port}"), Files: map[string]string{}}
			for _, f := range r.Files {
				site.Files["conf/"+f.Name] = f.Content
			}
			s := testkit.StartHeadgate(t, engine, site)
			sticky(t, s)
			application(t, s, e)
		})
	}
}

// get sends a request on a new connection.
func get(t *testing.T, s *testkit.Server, host, path string, fields ...string) *testkit.Response {
	t.Helper()
	c := testkit.Dial(t, s.Addr())
	defer c.Close()
	c.Send(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s\r\n", path, host, strings.Join(append(fields, ""), "\r\n")))
	r, err := c.Read("GET")
	if err != nil {
		t.Fatal(host, path, err)
	}
	return r
}

// sticky: a session stays where it is, and requests without one go to both containers.
func sticky(t *testing.T, s *testkit.Server) {
	t.Helper()
	seen := map[byte]string{}
	for range 4 {
		r := get(t, s, "shop.test", "/")
		cookie, _, _ := strings.Cut(r.Header("Set-Cookie"), ";")
		if r.Status != http.StatusOK || r.Header("X-Conf") != "yes" || !strings.HasPrefix(cookie, "SESSION=") {
			t.Fatalf("%d %v", r.Status, r.Fields)
		}
		seen[r.Body[0]] = cookie
	}
	if len(seen) != 2 {
		t.Fatalf("only %v", seen)
	}
	for first, cookie := range seen {
		for range 4 {
			if r := get(t, s, "shop.test", "/", "Cookie: "+cookie); r.Body[0] != first {
				t.Errorf("the session of %c went to %c", first, r.Body[0])
			}
		}
	}
}

// application: a password, a prefix, compression, pages of errors, a redirect.
func application(t *testing.T, s *testkit.Server, e *testkit.Origin) {
	t.Helper()
	const ada = "Authorization: Basic YWRhOmxvdmVsYWNl"
	if r := get(t, s, "app.test", "/app/x"); r.Status != http.StatusUnauthorized {
		t.Errorf("without a password: %d", r.Status)
	}
	if r := get(t, s, "app.test", "/app/x", ada, "Accept-Encoding: gzip"); r.Status != http.StatusOK || r.Header("Content-Encoding") != "gzip" {
		t.Errorf("with one: %d %v", r.Status, r.Fields)
	}
	if r := get(t, s, "app.test", "/app/broken", ada); r.Status != http.StatusServiceUnavailable || string(r.Body) != "page of errors" {
		t.Errorf("a page: %d %q", r.Status, r.Body)
	}
	if reqs := e.Requests(); len(reqs) != 1 || !strings.Contains(reqs[0].Echo(), "/503.html") {
		t.Errorf("the service of errors got %v", reqs)
	}
	port, _ := strconv.Atoi(s.Port)
	want := fmt.Sprintf("http://app.test:%d/app/x?y=%%20z", port)
	if r := get(t, s, fmt.Sprint("old.test:", port), "/x?y=%20z"); r.Status != http.StatusFound || r.Header("Location") != want {
		t.Errorf("a redirect: %d %v", r.Status, r.Fields)
	}
}
