package crl

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"math/big"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// world is one chain and the lists for it.
type world struct {
	chain []*x509.Certificate // leaf, intermediate, root
	lists [][]byte            // in DER
	what  []string            // for the report
}

// randomWorld makes a chain and up to three lists, each with few or no faults.
func randomWorld(t testing.TB, r *mathrand.Rand) *world {
	one := func(n int) bool { return r.IntN(n) == 0 }
	w := &world{}
	name := func(s string) pkix.Name { return pkix.Name{CommonName: s, Organization: []string{"Test  Org"}} }
	noSign := func(c *x509.Certificate) {
		if one(12) {
			c.KeyUsage &^= x509.KeyUsageCRLSign
		}
	}
	root := issue(t, name("Root"), nil, true, noSign)
	inter := issue(t, name("Inter"), root, true, noSign)
	leaf := issue(t, pkix.Name{CommonName: "leaf"}, inter, false, func(c *x509.Certificate) {
		if one(2) {
			c.CRLDistributionPoints = []string{"http://crl.test/a"}
		}
	})
	other := issue(t, name("Inter"), nil, true, nil)
	w.chain = []*x509.Certificate{leaf.cert, inter.cert, root.cert}
	for range 1 + r.IntN(4) {
		by, about := inter, leaf.cert
		if one(2) {
			by, about = root, []*x509.Certificate{inter.cert, root.cert}[r.IntN(2)]
		}
		now := time.Now()
		l := &listOf{issuer: by.cert.RawSubject, from: now.Add(-time.Duration(1+r.IntN(50)) * time.Minute), until: now.Add(time.Hour), key: by.key}
		what := "list of " + by.cert.Subject.CommonName
		say := func(s string) { what += ", " + s }
		if !one(3) {
			l.extensions = append(l.extensions, keyID(t, by.cert.SubjectKeyId))
			say("names its key")
		}
		if one(3) {
			l.revoked = append(l.revoked, entry{Serial: about.SerialNumber, At: now.Add(-time.Hour)})
			say("revokes " + about.Subject.CommonName)
		}
		if one(3) {
			l.revoked = append(l.revoked, entry{Serial: big.NewInt(77), At: now.Add(-time.Hour)})
		}
		switch r.IntN(24) {
		case 0:
			l.until = now.Add(-time.Second)
			say("expired")
		case 1:
			l.from = now.Add(time.Hour)
			l.until = now.Add(2 * time.Hour)
			say("of the future")
		case 2:
			l.until = time.Time{}
			say("for ever")
		case 3:
			l.key = other.key
			say("signed by another key")
		case 4:
			l.key, l.extensions = other.key, []pkix.Extension{keyID(t, other.cert.SubjectKeyId)}
			say("of another key")
		case 5:
			l.first = true
			say("version 1")
		case 6:
			l.extensions = append(l.extensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}})
			say("strange")
		case 7, 8:
			tag := []int{1, 2, 4, 5}[r.IntN(4)]
			l.extensions = append(l.extensions, scopeOf(t, tag, ""))
			say(fmt.Sprint("scope ", tag))
		case 9, 10:
			uri := []string{"http://crl.test/a", "http://crl.test/b"}[r.IntN(2)]
			l.extensions = append(l.extensions, scopeOf(t, 0, uri))
			say("at " + uri)
		case 11:
			l.extensions = append(l.extensions, pkix.Extension{Id: idDelta, Critical: true, Value: []byte{2, 1, 1}})
			say("delta")
		case 12:
			l.issuer = bytes.Replace(bytes.Replace(l.issuer, []byte("Test  Org"), []byte("tEST ORG\x20"), 1), []byte("Inter"), []byte("inTER"), 1)
			say("in other letters")
		case 13:
			if len(l.revoked) > 0 {
				l.revoked[0].Extensions = []pkix.Extension{{Id: idReason, Value: []byte{10, 1, 8}}}
				say("entry removed")
			}
		case 14:
			if len(l.revoked) > 0 {
				l.revoked[0].Extensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
				say("entry strange")
			}
		}
		w.what = append(w.what, what)
		w.lists = append(w.lists, l.der(t))
	}
	return w
}

var opensslError = regexp.MustCompile(`error (\d+) at (\d+) depth lookup`)

// worlds is how many are made; HEADGATE_WORLDS for more.
func worlds() int {
	if n, err := strconv.Atoi(os.Getenv("HEADGATE_WORLDS")); err == nil {
		return n
	}
	return 60
}

// TestOpenSSL compares what is said of random chains and lists with openssl verify.
func TestOpenSSL(t *testing.T) {
	program, err := exec.LookPath("openssl")
	if err != nil {
		testkit.SkipPeer(t, "openssl is not installed")
	}
	seed := uint64(time.Now().UnixNano())
	r := mathrand.New(mathrand.NewPCG(seed, 1))
	dir := t.TempDir()
	file := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	seen := map[string]int{}
	for i := range worlds() {
		w := randomWorld(t, r)
		text := pemOf("X509 CRL", w.lists...)
		p := Policy{Depth: []Depth{Leaf, Chain}[r.IntN(2)]}
		args := []string{
			"verify", "-crl_check", "-CAfile", file("ca", pemOf("CERTIFICATE", w.chain[2].Raw)), "-untrusted", file("inter", pemOf("CERTIFICATE", w.chain[1].Raw)),
			"-CRLfile", file("lists", text),
		}
		if p.Depth == Chain {
			args = append(args, "-crl_check_all")
		}
		out, _ := exec.Command(program, append(args, file("leaf", pemOf("CERTIFICATE", w.chain[0].Raw)))...).CombinedOutput()
		want := "passes"
		if m := opensslError.FindSubmatch(out); m != nil {
			want = fmt.Sprintf("%s at %s", m[1], m[2])
		} else if !bytes.Contains(out, []byte(": OK")) {
			t.Fatalf("openssl verify: %s", out)
		}
		got := "passes"
		list, err := ParsePEM(text)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if e := Make(list).Check(p, w.chain, time.Now()); e != nil {
			got = fmt.Sprintf("%d at %d", e.Code, e.At)
			if !bytes.Contains(out, []byte(e.Text)) {
				t.Errorf("%q is not OpenSSL's text: %s", e.Text, out)
			}
		}
		seen[want]++
		if got != want {
			t.Errorf("seed %d, world %d, %v: %s, openssl: %s; %q", seed, i, p, got, want, w.what)
		}
	}
	t.Logf("openssl said: %v", seen)
}
