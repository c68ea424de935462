package certfile

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pemText makes a certificate for a name, and its key.
func pemText(t testing.TB, name string, key crypto.Signer) (cert, private string) {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	p8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: p8}))
}

func ecKey(t testing.TB) *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// folder is where the files of a test are.
type folder struct {
	t   testing.TB
	dir string
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }

// write replaces a file as certbot does not: in place.
func (f folder) write(name, text string) {
	f.t.Helper()
	if err := os.WriteFile(f.path(name), []byte(text), 0o600); err != nil {
		f.t.Fatal(err)
	}
}

func (f folder) files() Files { return Files{f.path("c"), f.path("k")} }

func TestKinds(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	ec := ecKey(t)
	sec1, _ := x509.MarshalECPrivateKey(ec)
	for name, key := range map[string]crypto.Signer{"rsa": rsaKey, "ec": ec, "ed25519": edKey} {
		f := folder{t, t.TempDir()}
		cert, private := pemText(t, name, key)
		f.write("c", "text before\n"+cert)
		f.write("k", private)
		f.write("both", cert+private)
		f.write("pkcs1", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(rsaKey)})))
		f.write("sec1", string(pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{5, 0}}))+string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: sec1})))
		list := []Files{f.files(), {f.path("both")}}
		switch name {
		case "rsa":
			list = append(list, Files{f.path("c"), f.path("pkcs1")})
		case "ec":
			list = append(list, Files{f.path("c"), f.path("sec1")})
		}
		for _, files := range list {
			if p, err := Load(files, Access{}); err != nil || p.Certificate().Leaf.Subject.CommonName != name {
				t.Errorf("%s %v: %v", name, files, err)
			}
		}
	}
}

func TestFaults(t *testing.T) {
	f := folder{t, t.TempDir()}
	cert, private := pemText(t, "a", ecKey(t))
	other, otherKey := pemText(t, "b", ecKey(t))
	f.write("good", cert+other)
	f.write("key", private)
	f.write("other", otherKey)
	f.write("cut", cert+other[:len(other)/2])
	f.write("empty", "")
	f.write("encrypted", strings.ReplaceAll(private, "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"))
	f.write("garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
	for _, row := range []struct {
		cert, key, chain string
		part             Part
		says             string
	}{
		{"none", "key", "", Cert, "no such file"},
		{"good", "none", "", Key, "no such file"},
		{"good", "other", "", Key, "does not belong"},
		{"good", "encrypted", "", Key, "encrypted"},
		{"good", "", "", Key, "no private key"},
		{"cut", "key", "", Cert, "it is cut"},
		{"empty", "key", "", Cert, "no certificate"},
		{"garbage", "key", "", Cert, ""},
		{".", "key", "", Cert, "not a regular file"},
		{"single", "key", "empty", Chain, "no certificate"},
		{"single", "key", "missing", Chain, "no such file"},
	} {
		f.write("single", cert)
		files := Files{f.path(row.cert), "", ""}
		if row.key != "" {
			files[Key] = f.path(row.key)
		}
		if row.chain != "" {
			files[Chain] = f.path(row.chain)
		}
		_, err := Load(files, Access{})
		var e *Error
		if !errors.As(err, &e) || e.Part != row.part || !strings.Contains(e.Error(), row.says) {
			t.Errorf("%+v: %v", row, err)
		}
	}
}

// A chain comes from the certificate's file, else from that of the chain.
func TestChain(t *testing.T) {
	f := folder{t, t.TempDir()}
	cert, private := pemText(t, "a", ecKey(t))
	one, _ := pemText(t, "one", ecKey(t))
	two, _ := pemText(t, "two", ecKey(t))
	f.write("k", private)
	f.write("c", cert)
	f.write("full", cert+one)
	f.write("chain", one+two)
	for name, want := range map[string]int{"c": 3, "full": 2} {
		p, err := Load(Files{f.path(name), f.path("k"), f.path("chain")}, Access{})
		if err != nil || len(p.Certificate().Certificate) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is served while files change: never a part, never a key that does not fit, and
// the new pair at the second look after it is complete.
func TestChanges(t *testing.T) {
	f := folder{t, t.TempDir()}
	cert, private := pemText(t, "old", ecKey(t))
	f.write("c", cert)
	f.write("k", private)
	p, err := Load(f.files(), Access{})
	if err != nil {
		t.Fatal(err)
	}
	look := func(changed bool, fault string) {
		t.Helper()
		got, err := p.Look()
		if got != changed || (err == nil) != (fault == "") || err != nil && !strings.Contains(err.Error(), fault) {
			t.Errorf("changed %v, %v; want %v, %q", got, err, changed, fault)
		}
	}
	serves := func(name string) {
		t.Helper()
		if got := p.Certificate().Leaf.Subject.CommonName; got != name {
			t.Errorf("serves %s, not %s", got, name)
		}
	}
	look(false, "")
	newCert, newKey := pemText(t, "new", ecKey(t))
	f.write("c", newCert[:100])
	look(false, "") // seen
	look(false, "it is cut")
	look(false, "") // said once
	serves("old")
	f.write("c", newCert)
	look(false, "")
	look(false, "does not belong")
	serves("old")
	f.write("k", newKey)
	look(false, "")
	look(true, "")
	serves("new")
	look(false, "")
	if err := os.Remove(f.path("k")); err != nil {
		t.Fatal(err)
	}
	look(false, "")
	look(false, "no such file")
	serves("new")
	f.write("k", newKey)
	look(false, "")
	look(false, "") // the same as before
	// By another name, as certbot and Kubernetes do.
	third, thirdKey := pemText(t, "third", ecKey(t))
	f.write("c2", third)
	f.write("k2", thirdKey)
	for from, to := range map[string]string{"c2": "c", "k2": "k"} {
		if err := os.Rename(f.path(from), f.path(to)); err != nil {
			t.Fatal(err)
		}
	}
	look(false, "")
	look(true, "")
	serves("third")
}

func FuzzPEM(f *testing.F) {
	cert, private := pemText(f, "a", ecKey(f))
	for _, s := range []string{"", cert, private, cert + private, cert[:50], "-----BEGIN ", "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA==\n-----END RSA PRIVATE KEY-----\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if list, err := Chained([]byte(text)); (err == nil) != (len(list) > 0 && err == nil) {
			t.Errorf("%d certificates, %v", len(list), err)
		}
		if key, err := PrivateKey([]byte(text)); (err == nil) != (key != nil) {
			t.Errorf("%v, %v", key, err)
		}
		list, err := Infos([]byte(text))
		if err != nil && list != nil {
			t.Errorf("%d parts, %v", len(list), err)
		}
		for _, i := range list {
			if i == (Info{}) || i.Key != nil && i.Err != nil || i.Fits() && i.Cert == nil {
				t.Errorf("%+v", i)
			}
		}
	})
}

// TestInfos checks which key belongs to which certificate.
func TestInfos(t *testing.T) {
	a, aKey := pemText(t, "a", ecKey(t))
	b, bKey := pemText(t, "b", ecKey(t))
	const locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n"
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"no certificate", ""},
		{a + aKey, "a+key"},
		{aKey + a, "a+key"},
		{a + aKey + b + bKey, "a+key b+key"},
		{aKey + a + bKey + b, "a+key b+key"},
		{a + b, "a b"},
		{a + aKey + b, "a+key b"},
		{b + a + aKey, "b a+key"},
		{aKey, "+key"},
		{a + bKey, "a+wrong"},
		{a + locked, "a+locked"},
		{a + aKey + locked, "a+key +locked"},
	} {
		list, err := Infos([]byte(c.text))
		if err != nil {
			t.Error(err)
		}
		var got []string
		for _, i := range list {
			s := ""
			if i.Cert != nil {
				s = i.Cert.Subject.CommonName
			}
			switch {
			case i.Err != nil:
				s += "+locked"
			case i.Key != nil && i.Cert != nil && !i.Fits():
				s += "+wrong"
			case i.Key != nil:
				s += "+key"
			}
			got = append(got, s)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s, want %s", s, c.want)
		}
	}
	if _, err := Infos([]byte(a[:len(a)-9])); err == nil {
		t.Error("a text that is cut is read")
	}
}
