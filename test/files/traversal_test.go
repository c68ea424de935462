package files

import (
	"bufio"
	"bytes"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

var (
	paths = flag.Int("paths", 50000, "how many paths are tried")
	seed  = flag.Uint64("seed", 1, "of the paths")
)

// TestMain lets testkit build the server once.
func TestMain(m *testing.M) { testkit.Main(m) }

const walled = `
LogLevel crit
AllowEncodedSlashes On
MergeSlashes Off
DirectoryIndex index.html
<Directory />
    Require all denied
    Options None
</Directory>
<Directory ${dir}/htdocs>
    Require all granted
    Options None
</Directory>
<Directory ${dir}/htdocs/linked>
    Options SymLinksIfOwnerMatch
</Directory>
<Directory ${dir}/static>
    Require all granted
    Options None
</Directory>
<Files "*.secret">
    Require all denied
</Files>
Alias /static ${dir}/static
Alias /slash/ ${dir}/static/
AliasMatch ^/m/(.*)$ ${dir}/static/$1
`

// secret is in every file that nobody may get.
const secret = "this must not be sent"

// pieces are what hostile paths are made of.
var pieces = []string{
	"/", "//", "\\", "%5c", "%2f", "%2F", "%252f", "%255c", "%c0%af", "%e0%80%af", "%c1%9c", "/./", "/../", "../", "..", "...", ". ", ".", "%2e", "%2e%2e", "%252e", "%252e%252e",
	"..;", ";", ";a=b", "..%00", "%00", "%0a", "%20", "+", "~", "~root", ":", "::$DATA", "*", "?x=../../secret", "#", "%uff0e", "%ff", "\x80", "é",
	"htdocs", "static", "slash", "m", "linked", "sub", "index.html", "a.txt", "secret", "secret.txt", "x.secret", "out", "outdir", "up", "httpd.conf", "passwd", "etc", "proc", "self", "root", "dev", "null", "environ",
	"static..", "static../secret.txt", "..%2fsecret.txt", ".htaccess", ".git", "A.TXT", "a.txt.", "a.txt/", "a.txt%20", strings.Repeat("a", 300), strings.Repeat("../", 40),
}

// TestTraversal sends paths, and looks for what is outside in the responses.
func TestTraversal(t *testing.T) {
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: walled, Files: map[string]string{
		"htdocs/index.html": "page", "htdocs/a.txt": "a", "htdocs/sub/a.txt": "sub", "htdocs/x.secret": secret, "htdocs/linked/a.txt": "linked",
		"static/a.txt": "static", "static/sub/a.txt": "static sub", "static/x.secret": secret,
		"secret.txt": secret, "static../secret.txt": secret, "staticx/secret.txt": secret, "htdocs.secret": secret, "other/secret.txt": secret, "passwd": secret,
		"setup": "link ../secret.txt htdocs/out\nlink .. htdocs/up\nlink ../other htdocs/outdir\nlink ../../other htdocs/linked/outdir\n" +
			"link ../../secret.txt htdocs/linked/out\nlink ../other static/outdir\nlink / static/root\nlink /proc static/proc\n" +
			"owner 4711 htdocs/linked/out\nowner 4711 htdocs/linked/outdir\n",
	}})
	if os.Getuid() != 0 {
		testkit.Skip(t, "only root can give a link another owner")
	}
	opened := watchOpens(t, s.Dir, "", "other", "staticx", "static..", "htdocs/x.secret", "static/x.secret", "htdocs.secret")
	if _, err := os.ReadFile(filepath.Join(s.Dir, "other/secret.txt")); err != nil || len(opened()) == 0 {
		t.Fatal("it is not noticed that a file is opened", err)
	}
	rnd := rand.New(rand.NewPCG(*seed, 7))
	statuses := map[int]int{}
	c := &client{t: t, addr: s.Addr()}
	defer c.close()
	for left := *paths; left > 0; {
		batch := make([]string, min(left, 50))
		for i := range batch {
			batch[i] = hostile(rnd)
		}
		left -= len(batch)
		c.getAll(batch, func(path string, status int, body []byte) {
			statuses[status]++
			if bytes.Contains(body, []byte(secret)) || bytes.Contains(body, []byte("root:x:0")) || bytes.Contains(body, []byte("AllowEncodedSlashes")) {
				t.Errorf("%q: %d %q", path, status, body)
			}
		})
	}
	if statuses[200] == 0 || statuses[403] == 0 || statuses[404] == 0 {
		t.Error("the paths reach nothing")
	}
	if names := opened(); len(names) > 0 {
		t.Errorf("opened outside of what is served: %q", names)
	}
	t.Logf("%d paths: %v", *paths, statuses)
}

// hostile returns a path.
func hostile(rnd *rand.Rand) string {
	path := "/"
	if rnd.IntN(3) == 0 {
		path += []string{"static", "slash/", "m/", "linked/", "static/sub/", "sub"}[rnd.IntN(6)]
	}
	for range 1 + rnd.IntN(6) {
		path += pieces[rnd.IntN(len(pieces))]
	}
	return strings.ReplaceAll(path, " ", "%20")
}

// client sends requests over one connection for as long as that lasts.
type client struct {
	t    *testing.T
	addr string
	conn net.Conn
	in   *bufio.Reader
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
	}
}

func (c *client) get(path string) (int, []byte) {
	for try := 0; ; try++ {
		if c.conn == nil {
			conn, err := net.Dial("tcp", c.addr)
			if err != nil {
				c.t.Fatal(err)
			}
			c.conn, c.in = conn, bufio.NewReader(conn)
		}
		_ = c.conn.SetDeadline(time.Now().Add(testkit.Patience))
		_, err := fmt.Fprintf(c.conn, "GET %s HTTP/1.1\r\nHost: a.test\r\n\r\n", path)
		var r *http.Response
		if err == nil {
			r, err = http.ReadResponse(c.in, nil)
		}
		if err != nil {
			_ = c.conn.Close()
			if c.conn = nil; try == 0 {
				continue
			}
			c.t.Fatalf("%q: %v", path, err)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			c.t.Fatalf("%q: %v", path, err)
		}
		if r.Close {
			_ = c.conn.Close()
			c.conn = nil
		}
		return r.StatusCode, body
	}
}

// getAll sends all requests at once and calls f for each response. Where the connection ends in between, it begins
// again with the first path that has no response.
func (c *client) getAll(paths []string, f func(path string, status int, body []byte)) {
	for len(paths) > 0 {
		// The first one alone, which may be sent twice: a kept connection may have ended.
		status, body := c.get(paths[0])
		f(paths[0], status, body)
		if paths = paths[1:]; c.conn == nil {
			continue
		}
		var all strings.Builder
		for _, path := range paths {
			fmt.Fprintf(&all, "GET %s HTTP/1.1\r\nHost: a.test\r\n\r\n", path)
		}
		if _, err := io.WriteString(c.conn, all.String()); err != nil {
			c.close()
			c.conn = nil
			continue
		}
		for len(paths) > 0 && c.conn != nil {
			r, err := http.ReadResponse(c.in, nil)
			if err == nil {
				body, err = io.ReadAll(r.Body)
			}
			if err != nil {
				c.close()
				c.conn = nil
				break
			}
			f(paths[0], r.StatusCode, body)
			if paths = paths[1:]; r.Close {
				c.close()
				c.conn = nil
			}
		}
	}
}
