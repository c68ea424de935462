package ops

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestPhrases: a program that only root may run has the phrase of keys that only root may
// read. It runs at the start; what is reloaded and renewed later is decrypted with the
// phrase that fitted. A check and the helper never run it.
func TestPhrases(t *testing.T) {
	r := newRig(t)
	files := testkit.CertFiles()
	r.secret("ask/program", "#!/bin/sh\necho \"$*\" >> "+r.dir+"/ask/log\necho sesame\n")
	if err := os.Chmod(filepath.Join(r.dir, "ask/program"), 0o700); err != nil {
		t.Fatal(err)
	}
	lock := func(n int, name, phrase string) {
		r.renew(n, files["certs/"+name+".crt"], testkit.Lock(t, files["certs/"+name+".key"], phrase))
	}
	lock(1, "a", "sesame")
	at := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	const site = "SSLPassPhraseDialog exec:%[3]s/ask/program\n<VirtualHost %[1]s>\nServerName a.test\nSSLEngine on\nSSLCertificateFile %[2]s/fullchain.pem\n" +
		"SSLCertificateKeyFile %[2]s/privkey.pem\n</VirtualHost>\n"
	base := r.read("etc/apache2.conf") + fmt.Sprintf(site, at, r.dir+"/letsencrypt/live/a", r.dir)
	r.write("etc/apache2.conf", base)
	r.listen(r.addr(), at)
	r.must(0, "", "check", r.conf)
	asked := func(want string) {
		t.Helper()
		text, err := os.ReadFile(filepath.Join(r.dir, "ask/log"))
		if err != nil && !errors.Is(err, os.ErrNotExist) || string(text) != want {
			t.Errorf("asked %q, want %q (%v)", text, want, err)
		}
	}
	asked("")
	r.start()
	r.serves(at, "a.test")
	asked("a.test:443 RSA\n")
	r.must(0, "reloaded", "reload", r.conf)
	lock(2, "b", "sesame")
	r.serves(at, "b.test")

	// Another phrase: the earlier certificate is served on, also by a reload, which may
	// not run the program.
	lock(3, "www", "other")
	if !testkit.Poll(testkit.Patience, func() bool { return strings.Contains(r.read("log/error.log"), "none of the pass phrases") }) {
		t.Errorf("nothing is said of the other phrase:\n%s", r.read("log/error.log"))
	}
	r.serves(at, "b.test")
	r.must(0, "reloaded", "reload", r.conf)
	r.serves(at, "b.test")
	lock(4, "a", "sesame")
	r.serves(at, "a.test")
	r.must(0, "reloaded", "reload", r.conf)
	asked("a.test:443 RSA\n")
	if strings.Contains(r.read("log/error.log"), "sesame") {
		t.Error("the phrase is in the log")
	}
}
