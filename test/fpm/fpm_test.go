package fpm

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

// script prints what PHP sees. It leaves out what depends on the process and the connection, and proxy-nokeepalive
// (program-reuse-env in docs/differences.md).
const script = `<?php header('Content-Type: text/plain'); ksort($_SERVER);
foreach ($_SERVER as $k => $v)
	if (is_string($v) && !preg_match('/^(REQUEST_TIME|REMOTE_PORT|HOME|PATH$|USER|SERVER_SOFTWARE|FCGI_ROLE|proxy-nokeepalive)/', $k)) echo "$k=$v\n";
$body = file_get_contents('php://input'); echo strlen($body), ' ', md5($body), "\n";`

const conf = `ServerAdmin admin@test
<Directory ${dir}/htdocs>
    Require all granted
    DirectoryIndex index.php
    RewriteEngine On
    RewriteRule ^pretty/ index.php [L]
</Directory>
<FilesMatch "\.php$">
    SetHandler "proxy:unix:${fpm}|fcgi://localhost"
</FilesMatch>
ProxyPass /pp/ unix:${fpm}|fcgi://localhost${root}/
ProxyPassMatch ^/m/(.*\.php(/.*)?)$ unix:${fpm}|fcgi://localhost${root}/$1
<Location /pp/g/>
    ProxyFCGIBackendType GENERIC
    ProxyFCGISetEnvIf "true" SCRIPT_FILENAME "${root}/v.php"
</Location>
`

var targets = []string{
	"/v.php", "/v.php?a=1&b=%20", "/v.php/in/fo", "/v.php/a%20b?x", "/v.php/", "/", "/?q=1", "/pretty/page", "/pretty/a%20b?z=1", "/pp/v.php",
	"/pp/v.php?x=y", "/pp/v.php/p/i?x", "/pp/v.php/a%20b", "/m/v.php", "/m/v.php/more/x?1", "/pp/g/any?k=v", "/none.php", "/pp/none.php", "//v.php", "/x/../v.php",
}

var heads = []string{
	"GET %s HTTP/1.1\r\nHost: www.test\r\n\r\n",
	"GET %s HTTP/1.1\r\nHost: www.test\r\nCookie: a=b; c=d\r\nX-Y: 1\r\nX-Y: 2\r\nProxy: e\r\nAuthorization: Basic bWU6cHc=\r\n\r\n",
	"HEAD %s HTTP/1.1\r\nHost: other.test:8080\r\n\r\n",
	"POST %s HTTP/1.1\r\nHost: www.test\r\nContent-Type: text/x\r\nContent-Length: 5\r\n\r\nhello",
	"PUT %s HTTP/1.1\r\nHost: www.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
}

// TestVariables compares every request of the lists above, key by key.
func TestVariables(t *testing.T) {
	testkit.NeedHttpd(t)
	dir, err := os.MkdirTemp("", "hg-fpm-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "fpm.sock")
	startFPM(t, dir, socket)
	play := func(start func(testkit.Site) *testkit.Server) (out []string) {
		vars := map[string]string{"fpm": socket, "root": dir}
		s := start(testkit.Site{Conf: conf, Vars: vars, Files: map[string]string{"htdocs/v.php": script, "htdocs/index.php": script}})
		for _, head := range heads {
			for _, target := range targets {
				out = append(out, strings.ReplaceAll(ask(t, s, head, target), s.Dir, "${dir}"))
			}
		}
		return out
	}
	want := play(func(site testkit.Site) *testkit.Server { return testkit.StartHttpd(t, site) })
	got := play(func(site testkit.Site) *testkit.Server { return testkit.StartHeadgate(t, "", site) })
	for i := range want {
		if want[i] != got[i] {
			t.Errorf("%q %s\nhttpd:\n%s\nheadgate:\n%s", heads[i/len(targets)], targets[i%len(targets)], want[i], got[i])
		}
	}
	t.Logf("%d requests compared", len(want))
}

// ask sends one request and prints its response.
func ask(t *testing.T, s *testkit.Server, head, target string) string {
	c := testkit.Dial(t, "127.0.0.1:"+s.Port)
	defer c.Close()
	c.Send(fmt.Sprintf(head, target))
	method, _, _ := strings.Cut(head, " ")
	r, err := c.ReadHead(method)
	if err == nil {
		err = c.ReadBody(r)
	}
	if err != nil {
		return err.Error()
	}
	lines := []string{fmt.Sprint(r.Status, " ", r.Reason)}
	for _, f := range r.Fields {
		if !slices.Contains([]string{"Date", "Server", "Connection", "Keep-Alive"}, f.Name) {
			lines = append(lines, f.String())
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n\n" + string(r.Body)
}

// startFPM starts PHP-FPM on a socket, and writes the scripts that a ProxyPass names.
func startFPM(t *testing.T, dir, socket string) {
	names, _ := filepath.Glob("/usr/sbin/php-fpm*")
	if len(names) == 0 {
		testkit.SkipPeer(t, "no php-fpm installed (scripts/install-peers installs one)")
	}
	user := ""
	if os.Getuid() == 0 {
		user = "user = nobody\ngroup = nogroup\n"
	}
	files := map[string]string{
		"v.php": script,
		"fpm.conf": "[global]\nerror_log = " + dir + "/fpm.log\ndaemonize = no\n[www]\n" + user +
			"listen = " + socket + "\nlisten.mode = 0777\npm = static\npm.max_children = 2\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(names[0], "-y", filepath.Join(dir, "fpm.conf"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	if !testkit.Poll(20*time.Second, func() bool { _, err := os.Stat(socket); return err == nil }) {
		t.Fatal("php-fpm does not start")
	}
}
