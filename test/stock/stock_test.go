package stock

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// copyTree copies a configuration tree, following links as they are followed
// when it is read, and edits each file.
func copyTree(t *testing.T, from, to string, edit func(string) string) {
	t.Helper()
	list, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		src, dst := filepath.Join(from, e.Name()), filepath.Join(to, e.Name())
		info, err := os.Stat(src)
		if err != nil {
			continue // a link to a module that was removed
		}
		if info.IsDir() {
			copyTree(t, src, dst, edit)
			continue
		}
		text, err := os.ReadFile(src)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(dst, []byte(edit(string(text))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestDebian starts Debian's tree as the package installs it, with its folders
// and its port replaced, and requests a page that does not exist.
func TestDebian(t *testing.T) {
	const home = "/etc/apache2"
	if _, err := os.Stat(home + "/apache2.conf"); err != nil {
		testkit.SkipPeer(t, "Debian's tree of httpd is not installed (scripts/install-peers installs it)")
	}
	s := testkit.StartTree(t, func(dir, port string) string {
		swap := strings.NewReplacer(
			"/etc/apache2", dir, "/var/log/apache2", dir+"/log", "/var/run/apache2", dir+"/run", "/var/lock/apache2", dir+"/run",
			"Listen 80\n", "Listen 127.0.0.1:"+port+"\n", "*:80>", "*:"+port+">",
			"APACHE_RUN_USER=www-data", "APACHE_RUN_USER="+testkit.UserName(), "APACHE_RUN_GROUP=www-data", "APACHE_RUN_GROUP="+testkit.GroupName(),
		)
		copyTree(t, home, dir, swap.Replace)
		for _, d := range []string{"log", "run"} {
			if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		return filepath.Join(dir, "apache2.conf")
	})
	c := testkit.Dial(t, s.Addr())
	defer c.Close()
	c.Send("GET /nothing-here HTTP/1.1\r\nHost: localhost\r\n\r\n")
	r, err := c.Read("GET")
	if err != nil || r.Status != 404 {
		t.Fatalf("got %+v, %v; want 404", r, err)
	}
	if !testkit.Poll(testkit.Patience, func() bool { return strings.Contains(s.File("log/access.log"), "GET /nothing-here HTTP/1.1\" 404") }) {
		t.Errorf("the access log of the default site has %q", s.File("log/access.log"))
	}
}
