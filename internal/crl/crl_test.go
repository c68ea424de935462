package crl

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

func TestMain(m *testing.M) { testkit.Main(m) }

func TestParsePolicy(t *testing.T) {
	for _, c := range []struct {
		words []string
		want  Policy
		err   string
	}{
		{nil, Policy{}, "Invalid argument ''"},
		{[]string{"none"}, Policy{}, ""},
		{[]string{"leaf"}, Policy{Depth: Leaf}, ""},
		{[]string{"chain", "no_crl_for_cert_ok"}, Policy{Chain, true}, ""},
		{[]string{"Chain"}, Policy{}, "Invalid argument 'Chain'"},
		{[]string{"leaf", "x"}, Policy{}, "Invalid argument 'x'"},
	} {
		p, err := ParsePolicy(c.words)
		if got := message(err); got != c.err || err == nil && p != c.want {
			t.Errorf("%q: %v, %q", c.words, p, got)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestMissing checks what no_crl_for_cert_ok lets pass, and a chain that leads nowhere.
func TestMissing(t *testing.T) {
	root := issue(t, pkix.Name{CommonName: "root"}, nil, true, nil)
	leaf := issue(t, pkix.Name{CommonName: "leaf"}, root, false, nil)
	list := &listOf{issuer: root.cert.RawSubject, from: time.Now().Add(-time.Hour), until: time.Now().Add(time.Hour), key: root.key}
	list.revoked = []entry{{Serial: leaf.cert.SerialNumber, At: time.Now()}, {Serial: big.NewInt(-5), At: time.Now()}}
	parsed, err := Parse(list.der(t))
	if err != nil {
		t.Fatal(err)
	}
	all, none := Make([]*List{parsed}), Make()
	chain := []*x509.Certificate{leaf.cert, root.cert}
	for _, c := range []struct {
		name  string
		lists *Lists
		p     Policy
		chain []*x509.Certificate
		want  int
	}{
		{"revoked", all, Policy{Depth: Leaf}, chain, 23},
		{"revoked, missing ok", all, Policy{Chain, true}, chain, 23},
		{"missing", none, Policy{Depth: Leaf}, chain, 3},
		{"missing ok", none, Policy{Chain, true}, chain, 0},
		{"not asked for", all, Policy{}, chain, 0},
		{"no issuer", all, Policy{Depth: Leaf}, chain[:1], 33},
		{"only the root", all, Policy{Depth: Chain}, chain[1:], 0},
	} {
		got := 0
		if e := c.lists.CheckAny(c.p, [][]*x509.Certificate{c.chain}, time.Now()); e != nil {
			got = e.Code
		}
		if got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if e := all.CheckAny(Policy{Depth: Leaf}, [][]*x509.Certificate{chain, chain[1:]}, time.Now()); e != nil {
		t.Errorf("a second chain passes: %v", e)
	}
}

// TestRead checks which files are read, and what is said of those that hold no list.
func TestRead(t *testing.T) {
	root := issue(t, pkix.Name{CommonName: "root"}, nil, true, nil)
	list := &listOf{issuer: root.cert.RawSubject, from: time.Now().Add(-time.Hour), until: time.Now().Add(time.Hour), key: root.key}
	text := pemOf("X509 CRL", list.der(t))
	dir := t.TempDir()
	write := func(name string, text []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("0a1b2c3d.r0", append(text, text...))
	write("0a1b2c3d.r1", text)
	write("0a1b2c3d.0", pemOf("CERTIFICATE", root.cert.Raw))
	write("list.pem", text)
	got, err := ReadFolder(dir)
	if err != nil || len(got) != 3 || Make(got).Len() != 3 {
		t.Errorf("folder: %d lists, %v", len(got), err)
	}
	if one, two := Make(got[:1], got[1:]), Make(got[1:], got[:1]); one.Sum() != two.Sum() || one.Sum() == Make(got[:1]).Sum() {
		t.Error("the sums do not tell lists apart, or tell their order")
	}
	for name, text := range map[string][]byte{
		"empty": nil, "cert": pemOf("CERTIFICATE", root.cert.Raw), "cut": text[:len(text)-9], "garbage": pemOf("X509 CRL", []byte("no list")),
	} {
		path := write(name, text)
		if got, err := ReadFile(path); err == nil || got != nil {
			t.Errorf("%s: %d lists", name, len(got))
		} else {
			t.Log(err)
		}
	}
	write("0a1b2c3d.r2", []byte("no list"))
	if _, err := ReadFolder(dir); err == nil {
		t.Error("a folder with a file that holds no list is read")
	}
	if _, err := ReadFolder(filepath.Join(dir, "none")); err == nil {
		t.Error("a folder that is not there is read")
	}
}

// FuzzParse: a list that can be read has a name that compares equal to itself, and no input
// panics.
func FuzzParse(f *testing.F) {
	root := issue(f, pkix.Name{CommonName: "root"}, nil, true, nil)
	now := time.Now()
	l := &listOf{issuer: root.cert.RawSubject, from: now, until: now.Add(time.Hour), key: root.key, revoked: []entry{{Serial: big.NewInt(3), At: now}}}
	f.Add(l.der(f))
	l.extensions = append(l.extensions, keyID(f, root.cert.SubjectKeyId), scopeOf(f, 2, "http://a"))
	f.Add(l.der(f))
	l.first = true
	f.Add(l.der(f))
	chain := []*x509.Certificate{root.cert}
	f.Fuzz(func(t *testing.T, der []byte) {
		l, err := Parse(der)
		if err != nil {
			return
		}
		s := Make([]*List{l})
		e := s.Check(Policy{Depth: Chain}, chain, now)
		if again := s.Check(Policy{Depth: Chain}, chain, now); (e == nil) != (again == nil) || e != nil && e.Code != again.Code {
			t.Errorf("%v, then %v", e, again)
		}
	})
}
