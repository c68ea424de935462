package main_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// authority signs certificates of a test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate // nil: what it issues is signed by itself
	key  *ecdsa.PrivateKey
}

// issue makes NAME.crt and NAME.key and returns the authority that the new certificate may be.
func (a *authority) issue(name string, form x509.Certificate) *authority {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	form.SerialNumber, form.Subject = big.NewInt(1), pkix.Name{CommonName: name}
	form.BasicConstraintsValid = true
	if form.IsCA {
		form.KeyUsage = x509.KeyUsageCertSign
	}
	by, with := a.cert, a.key
	if by == nil {
		by, with = &form, key
	}
	der, err := x509.CreateCertificate(rand.Reader, &form, by, key.Public(), with)
	if err != nil {
		a.t.Fatal(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	a.write(name+".crt", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	a.write(name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	return &authority{a.t, a.dir, made, key}
}

func (a *authority) write(name string, text []byte) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.dir, name), text, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// join writes a file of others.
func (a *authority) join(name string, parts ...string) {
	a.t.Helper()
	var all []byte
	for _, p := range parts {
		b, err := os.ReadFile(filepath.Join(a.dir, p))
		if err != nil {
			a.t.Fatal(err)
		}
		all = append(all, b...)
	}
	a.write(name, all)
}

func lasts(from, to time.Duration) x509.Certificate {
	return x509.Certificate{NotBefore: time.Now().Add(from), NotAfter: time.Now().Add(to)}
}

// TestCert: what the command says of certificates that are right and wrong.
func TestCert(t *testing.T) {
	const hour, year = time.Hour, 365 * 24 * time.Hour
	dir := t.TempDir()
	ca := func() x509.Certificate { c := lasts(-hour, year); c.IsCA = true; return c }
	site := func(from, to time.Duration, names ...string) x509.Certificate {
		c := lasts(from, to)
		c.DNSNames = names
		return c
	}
	root := (&authority{t: t, dir: dir}).issue("root", ca())
	mid := root.issue("mid", ca())
	root.issue("other", ca())
	mid.issue("good", site(-hour, 10*24*hour+hour, "example.com", "*.example.com"))
	mid.issue("old", site(-2*hour, -hour, "example.com"))
	mid.issue("early", site(hour, year, "example.com"))
	mid.issue("nameless", site(-hour, year))
	mid.issue("evil", site(-hour, year, "x"))
	(&authority{t: t, dir: dir}).issue("self", site(-hour, year, "example.com"))
	root.join("full.pem", "good.crt", "mid.crt")
	root.join("all.pem", "good.crt", "mid.crt", "root.crt", "good.key")
	root.join("broken.pem", "good.crt", "other.crt")
	root.join("turned.pem", "mid.crt", "good.crt")
	root.join("cut.pem", "good.crt")
	b, _ := os.ReadFile(dir + "/cut.pem")
	root.write("cut.pem", b[:len(b)/2])
	root.write("empty.pem", nil)
	root.write("locked.key", []byte("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n"))
	for _, row := range []struct {
		files string
		code  int
		says  []string
	}{
		{"full.pem", 0, []string{"certificate  CN=good", "for          example.com, *.example.com", "by           CN=mid", ", 10 days left",
			"key          ECDSA, P-256", "chain        CN=mid, by CN=root", "fits, 2 certificates; clients have to know CN=root"}},
		{"full.pem good.key", 0, []string{"belongs to the certificate of full.pem"}},
		{"good.key full.pem", 0, []string{"belongs to the certificate of full.pem"}},
		{"all.pem", 0, []string{"fits, 3 certificates, up to CN=root itself", "belongs to the certificate of all.pem"}},
		{"good.crt good.key mid.crt", 0, []string{"fits, 2 certificates; clients have to know CN=root"}},
		{"good.crt", 0, []string{"chain        none: clients have to know CN=mid (fullchain.pem"}},
		{"self.crt", 0, []string{"by           itself", "signed by itself: only clients that are told so trust it"}},
		{"mid.crt root.crt", 0, []string{"CN=mid", "CN=root"}},
		{"good.key", 0, []string{"private key  ECDSA, P-256\n"}},
		{"full.pem evil.key", 1, []string{"WRONG        the key does not belong to the certificate of full.pem"}},
		{"old.crt", 1, []string{"WRONG        the certificate of CN=old has expired on 20"}},
		{"early.crt", 1, []string{"WRONG        the certificate of CN=early is not valid before 20"}},
		{"nameless.crt", 1, []string{"WRONG        the certificate is for no name"}},
		{"broken.pem", 1, []string{"WRONG        the chain is broken: CN=good was issued by CN=mid, and the next certificate is that of CN=other"}},
		{"good.crt other.crt", 1, []string{"WRONG        CN=other has not issued the certificate of good.crt"}},
		{"turned.pem good.key", 1, []string{"WRONG        the key does not belong to the certificate of turned.pem"}},
		{"cut.pem", 1, []string{"WRONG        its last part has no end: it is cut"}},
		{"empty.pem", 1, []string{"WRONG        there is neither a certificate nor a private key in it"}},
		{"locked.key", 1, []string{"WRONG        the private key is encrypted"}},
		{"nowhere.pem", 1, []string{"no such file"}},
		{"", 2, nil},
	} {
		t.Run(row.files, func(t *testing.T) {
			r := runIn(t, dir, nil, append([]string{"cert"}, strings.Fields(row.files)...)...)
			for _, word := range row.says {
				if !strings.Contains(r.out, word) {
					t.Errorf("it does not say %q:\n%s", word, r.out)
				}
			}
			if r.code != row.code || (strings.Contains(r.out, "WRONG") != (r.code == 1)) {
				t.Errorf("exit %d, want %d:\n%s%s", r.code, row.code, r.out, r.errOut)
			}
			if row.code == 2 {
				return
			}
			r = runIn(t, dir, nil, append([]string{"cert", "--json"}, strings.Fields(row.files)...)...)
			var report struct {
				OK       bool
				Files    []struct{ File string }
				Problems []struct{ File, Text string }
			}
			if err := json.Unmarshal([]byte(r.out), &report); err != nil || r.code != row.code || report.OK != (row.code == 0) ||
				len(report.Files) != len(strings.Fields(row.files)) || (len(report.Problems) > 0) == report.OK {
				t.Errorf("exit %d, %v: %s", r.code, err, r.out)
			}
		})
	}
}

// TestProxyTLS: proxy --from https:// serves with the certificate that it names, whose files are gone afterwards.
func TestProxyTLS(t *testing.T) {
	o := testkit.NewOrigin(t)
	o.Default(testkit.MustAnswer("respond 200 ok"))
	temp := t.TempDir()
	addr := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	cmd := exec.Command(testkit.Binary(t), "proxy", "--from", "https://"+addr, "--to", o.Addr())
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	var c *tls.Conn
	testkit.Eventually(t, "a handshake", func() (ok bool) {
		var err error
		c, err = tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // compared below
		return err == nil
	})
	leaf := c.ConnectionState().PeerCertificates[0]
	_ = c.Close()
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	cl := testkit.Dial(t, addr)
	if err := cl.StartTLS(&tls.Config{InsecureSkipVerify: true}); err != nil { //nolint:gosec // as curl -k
		t.Fatal(err)
	}
	cl.Send("GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
	if r, err := cl.Read("GET"); err != nil || r.Status != 200 {
		t.Fatalf("%v %v", r, err)
	}
	if got := testkit.Lookup(o.Requests()[0].Fields, "X-Forwarded-Proto"); len(got) != 1 || got[0] != "https" {
		t.Errorf("X-Forwarded-Proto %q", got)
	}
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	sum := sha256.Sum256(leaf.Raw)
	for _, word := range []string{"(https://", "signed by itself", "SHA-256 " + hex.EncodeToString(sum[:])} {
		if !strings.Contains(said.String(), word) {
			t.Errorf("it does not say %q:\n%s", word, &said)
		}
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("it leaves %s behind", left[0].Name())
	}
}
