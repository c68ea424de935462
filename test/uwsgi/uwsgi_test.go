// Package uwsgi plays requests through Headgate and httpd to a real uWSGI, by uwsgi and by SCGI, and compares what the
// application sees and what the client gets.
package uwsgi

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// application prints what it sees. It leaves out what depends on the process and the connection.
const application = `import hashlib
def application(env, start):
    body = env['wsgi.input'].read(int(env.get('CONTENT_LENGTH') or 0))
    skip = ('wsgi.', 'uwsgi.', 'REMOTE_PORT', 'PATH=', 'SERVER_SOFTWARE', 'proxy-nokeepalive')
    lines = sorted('%s=%s' % (k, v) for k, v in env.items())
    text = '\n'.join(l for l in lines if not l.startswith(skip)) + '\n%d %s\n' % (len(body), hashlib.md5(body).hexdigest())
    path = env.get('PATH_INFO', '')
    if path.endswith('/404'):
        start('404 Not Here', [('X-A', 'b')])
        return [b'missing']
    if path.endswith('/length'):
        start('200 OK', [('Content-Length', '4'), ('Content-Type', 'text/plain')])
        return [b'four']
    if path.endswith('/pieces'):
        start('200 OK', [('Content-Type', 'text/plain')])
        return (b'x' * 50000 for _ in range(20))
    start('200 OK', [('Content-Type', 'text/plain'), ('Set-Cookie', 'a=1'), ('Set-Cookie', 'b=2')])
    return [text.encode()]
`

const conf = `ServerAdmin admin@test
ProxyPass /u/ unix:${uwsgi}|uwsgi://localhost/
ProxyPass /deep/path/ unix:${uwsgi}|uwsgi://localhost/app/
ProxyPass /s/ unix:${scgi}|scgi://localhost/
SetEnvIf Request_URI ^/si/ proxy-scgi-pathinfo
ProxyPass /si/ unix:${scgi}|scgi://localhost/
`

var (
	paths = []string{"", "x", "x/y%20z?q=1&r=%2F", "?", "404", "length", "pieces", "a//b", "%C3%A4"}
	heads = []string{
		"GET %s HTTP/1.1\r\nHost: www.test\r\nCookie: a=b\r\nX-Y: 1\r\nX-Y: 2\r\nProxy: e\r\nAuthorization: Basic bWU6cHc=\r\n\r\n",
		"HEAD %s HTTP/1.1\r\nHost: other.test:8080\r\n\r\n",
		"POST %s HTTP/1.1\r\nHost: www.test\r\nContent-Type: text/x\r\nContent-Length: 5\r\n\r\nhello",
	}
)

// TestVariables compares every request of the lists above.
func TestVariables(t *testing.T) {
	testkit.NeedHttpd(t)
	vars := start(t)
	play := func(s *testkit.Server) (out []string) {
		for _, place := range []string{"/u/", "/deep/path/", "/s/", "/si/"} {
			for _, head := range heads {
				for _, path := range paths {
					out = append(out, place+path+" "+strings.ReplaceAll(ask(t, s, fmt.Sprintf(head, place+path)), s.Dir, "${dir}"))
				}
			}
		}
		return out
	}
	site := testkit.Site{Conf: conf, Vars: vars}
	want, got := play(testkit.StartHttpd(t, site)), play(testkit.StartHeadgate(t, "", site))
	for i := range want {
		if want[i] != got[i] {
			t.Errorf("httpd:\n%s\nheadgate:\n%s", want[i], got[i])
		}
	}
	t.Logf("%d requests compared", len(want))
}

// TestBodies sends large bodies with and without a length.
func TestBodies(t *testing.T) {
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: conf, Vars: start(t)})
	big := testkit.Pattern(900_000)
	for _, place := range []string{"/u/", "/s/"} {
		for _, head := range []string{
			fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s", place, len(big), big),
			fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", place, len(big), big),
		} {
			if got := ask(t, s, head); !strings.Contains(got, "\n900000 ") {
				t.Errorf("%s: %.300s", place, got)
			}
		}
		more := 2 << 20
		head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n", place, more)
		if got := ask(t, s, head+testkit.Pattern(more)+"\r\n0\r\n\r\n"); !strings.HasPrefix(got, "411 ") {
			t.Errorf("%s: %.300s", place, got)
		}
	}
}

// ask sends one request and prints its response, without what depends on when the end of the connection was seen.
func ask(t *testing.T, s *testkit.Server, request string) string {
	c := testkit.Dial(t, "127.0.0.1:"+s.Port)
	defer c.Close()
	c.Send(request)
	method, _, _ := strings.Cut(request, " ")
	r, err := c.ReadHead(method)
	if err == nil {
		err = c.ReadBody(r)
	}
	if err != nil {
		return err.Error()
	}
	lines := []string{}
	for _, f := range r.Fields {
		if !slices.Contains([]string{"Date", "Server", "Connection", "Keep-Alive", "Content-Length", "Transfer-Encoding"}, f.Name) {
			lines = append(lines, f.String())
		}
	}
	slices.Sort(lines)
	return fmt.Sprint(r.Status, " ", r.Reason, "\n", strings.Join(lines, "\n"), "\n\n", string(r.Body))
}

// start starts uWSGI with a socket for each protocol.
func start(t *testing.T) map[string]string {
	t.Helper()
	program, err := exec.LookPath("uwsgi")
	if err != nil {
		testkit.SkipPeer(t, "no uwsgi installed (scripts/install-peers installs it)")
	}
	dir, err := os.MkdirTemp("", "hg-uwsgi-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(dir, "app.py")
	if err := os.WriteFile(app, []byte(application), 0o644); err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{"uwsgi": filepath.Join(dir, "uwsgi.sock"), "scgi": filepath.Join(dir, "scgi.sock")}
	cmd := exec.Command(program, "--plugin", "python3", "--uwsgi-socket", vars["uwsgi"], "--scgi-socket", vars["scgi"], "--chmod-socket=666",
		"--wsgi-file", app, "--need-app", "--threads", "4", "--die-on-term", "--disable-logging")
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("uwsgi said:\n%s", said.String())
		}
	})
	ready := func() bool {
		for _, socket := range vars {
			if _, err := os.Stat(socket); err != nil {
				return false
			}
		}
		return true
	}
	if !testkit.Poll(20*time.Second, ready) {
		t.Fatal("uwsgi does not start")
	}
	return vars
}
