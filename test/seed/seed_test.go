package seed

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

const home = "../../../shared/seed"

// conf reads a configuration of the article with its addresses replaced.
func conf(t *testing.T, name string, addresses ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(home, name))
	if err != nil {
		testkit.Skip(t, "the founding article's configurations are not present")
	}
	swapped := strings.NewReplacer(append(addresses, "<VirtualHost *:80>", "<VirtualHost *:${port}>")...).Replace(string(text))
	return "Listen 127.0.0.1:${port}\nServerName localhost\n" + swapped
}

// nginx starts a real nginx that names itself in its responses.
func nginx(t *testing.T) string {
	t.Helper()
	bin, err := exec.LookPath("nginx")
	if err != nil {
		testkit.SkipPeer(t, "no nginx installed (scripts/install-peers installs one)")
	}
	dir, port := t.TempDir(), testkit.FreePort(t)
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log %[1]s/error.log;
events { worker_connections 64; }
http {
  access_log off; client_body_temp_path %[1]s/b; proxy_temp_path %[1]s/p; fastcgi_temp_path %[1]s/f;
  uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server {
    listen 127.0.0.1:%[2]d;
    location /go { return 302 http://127.0.0.1:%[2]d/landed; }
    location / { default_type text/plain; return 200 "nginx $request_uri $host $http_x_forwarded_for\n"; }
  }
}
`, dir, port)
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return serve(t, port, exec.Command(bin, "-p", dir, "-c", file))
}

// python starts Python's own file server over a folder with one page.
func python(t *testing.T, page string) string {
	t.Helper()
	bin, err := exec.LookPath("python3")
	if err != nil {
		testkit.SkipPeer(t, "no python3 installed (scripts/install-peers installs one)")
	}
	dir, port := t.TempDir(), testkit.FreePort(t)
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	return serve(t, port, exec.Command(bin, "-m", "http.server", fmt.Sprint(port), "--bind", "127.0.0.1", "--directory", dir))
}

// serve runs a backend until the test ends and returns its host:port.
func serve(t *testing.T, port int, cmd *exec.Cmd) string {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	addr := fmt.Sprintf("127.0.0.1:%d", port)
	if !testkit.Poll(10*time.Second, func() bool {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}) {
		t.Fatalf("%s does not respond", cmd.Path)
	}
	return addr
}

// get requests a path of a host from the proxy.
func get(t *testing.T, s *testkit.Server, host, path string) *testkit.Response {
	t.Helper()
	c := testkit.Dial(t, s.Addr())
	defer c.Close()
	c.Send("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")
	r, err := c.Read("GET")
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func expect(t *testing.T, r *testkit.Response, status int, part string) {
	t.Helper()
	if r.Status != status || !strings.Contains(string(r.Body), part) {
		t.Errorf("got %d %q, want %d with %q", r.Status, r.Body, status, part)
	}
}

func TestBasic(t *testing.T) {
	text := conf(t, "01-basic.conf")
	backend := nginx(t)
	text = strings.ReplaceAll(text, "192.168.1.100:8080", backend)
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: text})
	// ProxyPreserveHost: the backend sees the name the client used.
	expect(t, get(t, s, "example.com", "/some/page?q=1"), 200, "nginx /some/page?q=1 example.com 127.0.0.1")
	r := get(t, s, "example.com", "/go")
	if l := r.Header("Location"); r.Status != 302 || l != "http://example.com/landed" {
		t.Errorf("got %d to %q: ProxyPassReverse must replace the backend's address by ours", r.Status, l)
	}
}

func TestMicroservices(t *testing.T) {
	text := conf(t, "03-microservices.conf")
	users, payments, app := python(t, "users here"), python(t, "payments here"), nginx(t)
	text = strings.NewReplacer(
		"user-service:3000", users, "payment-service:4000", payments, "main-app:8080", app,
	).Replace(text)
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: text})
	expect(t, get(t, s, "api.company.com", "/api/users/"), 200, "users here")
	expect(t, get(t, s, "api.company.com", "/api/payments/"), 200, "payments here")
	expect(t, get(t, s, "api.company.com", "/api/payments/none"), 404, "")
	expect(t, get(t, s, "api.company.com", "/"), 200, "nginx / ")
}

// TestBalancer is the article's cluster with its manager page: two members in turn,
// the third where neither can be used.
func TestBalancer(t *testing.T) {
	text := conf(t, "02-balancer.conf")
	first, second, standby := nginx(t), python(t, "second here"), python(t, "standby here")
	text = strings.NewReplacer("192.168.1.100:8080", first, "192.168.1.101:8080", second, "192.168.1.102:8080", standby).Replace(text)
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: text})
	expect(t, get(t, s, "myapp.com", "/"), 200, "nginx / myapp.com")
	expect(t, get(t, s, "myapp.com", "/"), 200, "second here")
	expect(t, get(t, s, "myapp.com", "/"), 200, "nginx / ")
	for _, member := range []string{first, second, standby} {
		expect(t, get(t, s, "myapp.com", "/balancer-manager"), 200, "http://"+member)
	}

	dead := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	s = testkit.StartHeadgate(t, "", testkit.Site{Conf: strings.NewReplacer(first, dead, second, dead).Replace(text)})
	expect(t, get(t, s, "myapp.com", "/"), 200, "standby here")
}

// TestSessions is the article's sticky cluster, where a client stays with the member
// that its cookie names, and its checked one: the second server has no /health, so
// that the standby takes its place.
func TestSessions(t *testing.T) {
	text := conf(t, "08-health-and-sessions.conf")
	first, second := nginx(t), python(t, "second here")
	text = strings.NewReplacer("server1:8080", first, "server2:8080", second).Replace(text)
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: text})
	r := get(t, s, "localhost", "/")
	expect(t, r, 200, "nginx / ")
	if c := r.Header("Set-Cookie"); c != "ROUTEID=.1; path=/" {
		t.Errorf("the cookie is %q", c)
	}
	for range 3 {
		c := testkit.Dial(t, s.Addr())
		c.Send("GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ROUTEID=.2\r\nConnection: close\r\n\r\n")
		r, err := c.Read("GET")
		c.Close()
		if err != nil {
			t.Fatal(err)
		}
		expect(t, r, 200, "second here")
	}
	testkit.Eventually(t, "the standby of the checked cluster", func() bool {
		return strings.HasPrefix(string(get(t, s, "localhost", "/healthy/").Body), "nginx / ")
	})
}
