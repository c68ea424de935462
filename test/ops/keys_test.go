package ops

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// secret writes a file that only root may read.
func (r *rig) secret(name, text string) {
	r.Helper()
	path := filepath.Join(r.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		r.Fatal(err)
	}
}

// renew does what certbot does: new files in archive, and links in live that lead to them.
func (r *rig) renew(n int, cert, key string) {
	r.Helper()
	for name, text := range map[string]string{"fullchain": cert, "privkey": key} {
		file := fmt.Sprintf("%s%d.pem", name, n)
		r.secret("letsencrypt/archive/a/"+file, text)
		link := filepath.Join(r.dir, "letsencrypt/live/a", name+".pem")
		if err := os.MkdirAll(filepath.Dir(link), 0o700); err != nil {
			r.Fatal(err)
		}
		_ = os.Remove(link) // the first time there is none
		if err := os.Symlink("../../archive/a/"+file, link); err != nil {
			r.Fatal(err)
		}
	}
}

// serves waits until a name of the certificate served is name.
func (r *rig) serves(addr, name string) {
	r.Helper()
	var got string
	begun := time.Now()
	if !testkit.Poll(testkit.Patience, func() bool {
		c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // the certificate is compared
		if err != nil {
			got = err.Error()
			return false
		}
		defer c.Close()
		got = fmt.Sprint(c.ConnectionState().PeerCertificates[0].DNSNames)
		return strings.Contains(got, name)
	}) {
		r.Fatalf("%s: %s, want %s\n%s", addr, got, name, r.read("log/error.log"))
	}
	r.Logf("%s after %v", name, time.Since(begun).Round(time.Millisecond))
}

// TestKeys: certificates in a tree that only root may enter, as certbot makes it, are
// renewed and reloaded after the server has become www-data.
func TestKeys(t *testing.T) {
	r := newRig(t)
	files := testkit.CertFiles()
	r.renew(1, files["certs/a.crt"], files["certs/a.key"])
	r.secret("tickets", strings.Repeat("k", 48))
	at := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	const site = "<VirtualHost %s>\nServerName a.test\nSSLEngine on\nSSLCertificateFile %[2]s/fullchain.pem\n" +
		"SSLCertificateKeyFile %[2]s/privkey.pem\nSSLSessionTicketKeyFile %[3]s/tickets\n</VirtualHost>\n"
	base := r.read("etc/apache2.conf") + fmt.Sprintf(site, at, r.dir+"/letsencrypt/live/a", r.dir)
	r.write("etc/apache2.conf", base)
	r.listen(r.addr(), at)
	server, _ := r.start()
	if uid := statusLine(t, server, "Uid:"); strings.HasPrefix(uid, "0") {
		t.Fatalf("the server is still root: %s", uid)
	}
	r.serves(at, "a.test")
	r.must(0, "reloaded", "reload", r.conf)
	r.serves(at, "a.test")

	// Somebody edits the configuration while a certificate is renewed.
	r.write("etc/apache2.conf", base+"Nonsense\n")
	r.renew(2, files["certs/b.crt"], files["certs/b.key"])
	r.serves(at, "b.test")
	r.write("etc/apache2.conf", base)
	r.must(0, "reloaded", "reload", r.conf)
	r.serves(at, "b.test")

	// A certificate that a reload brings.
	r.secret("more/www.crt", files["certs/www.crt"])
	r.secret("more/www.key", files["certs/www.key"])
	more := fmt.Sprintf("<VirtualHost %s>\nServerName www.test\nSSLEngine on\nSSLCertificateFile %[2]s/more/www.crt\nSSLCertificateKeyFile %[2]s/more/www.key\n</VirtualHost>\n", at, r.dir)
	r.write("etc/apache2.conf", more+base)
	r.must(0, "reloaded", "reload", r.conf)
	r.serves(at, "www.test")

	// A folder of the server's user: a key there could be a link to anything.
	open := filepath.Join(r.dir, "open")
	if err := errors.Join(os.Mkdir(open, 0o755), os.Chown(open, 33, 33), os.Symlink(r.dir+"/more/www.key", open+"/www.key")); err != nil {
		t.Fatal(err)
	}
	r.write("etc/apache2.conf", strings.ReplaceAll(more, r.dir+"/more/www.key", open+"/www.key")+base)
	r.must(1, "may write to the folder "+open, "reload", r.conf)
	r.serves(at, "www.test")
	for _, wrong := range []string{"changes of a certificate will not be seen", "cannot be used", "stays the one"} {
		if strings.Contains(r.read("log/error.log"), wrong) {
			t.Errorf("the log says %q:\n%s", wrong, r.read("log/error.log"))
		}
	}
}
