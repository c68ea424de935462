package certvar

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
	"testing"
)

func read(t testing.TB, name string) *x509.Certificate {
	t.Helper()
	text, err := os.ReadFile("../testkit/certs/" + name)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := pem.Decode(text)
	c, err := x509.ParseCertificate(b.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What mod_ssl 2.4.71 prints of the same certificates (group tls-vars of test/diff).
func TestAppend(t *testing.T) {
	a, b := read(t, "a.crt"), read(t, "b.crt")
	for _, row := range []struct {
		c          *x509.Certificate
		name, want string
	}{
		{a, "M_VERSION", "3"},
		{a, "S_DN_CN", "a.test"},
		{a, "s_dn_CN", "a.test"},
		{a, "S_DN_cn", ""},
		{a, "S_DN_Email", "x@a.test"},
		{a, "S_DN_OU_1_RAW", "Two"},
		{a, "S_DN_OU", "One"},
		{a, "S_DN_OU_1", "Two"},
		{a, "S_DN_OU_2", ""},
		{a, "S_DN_XX", ""},
		{a, "A_KEY", "rsaEncryption"},
		{a, "A_SIG", "sha256WithRSAEncryption"},
		{a, "SAN_DNS_1", "www.a.test"},
		{a, "SAN_DNS_2", ""},
		{a, "SAN_DNS_-1", ""},
		{a, "SAN_Email_0", "x@a.test"},
		{a, "NOTHING", ""},
		{b, "S_DN", `CN=b.test,O=\#hash \"q\" \<x\>\;,DC=test`},
	} {
		if got := string(Append(nil, row.c, row.name)); got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
	if got := string(Append(nil, a, "CERT")); !strings.HasPrefix(got, "-----BEGIN CERTIFICATE-----\n") {
		t.Error(got)
	}
}

func FuzzNames(f *testing.F) {
	f.Add([]byte{}, "CN_1")
	f.Add(read(f, "a.crt").RawSubject, "OU_1")
	f.Add(read(f, "b.crt").RawSubject, "O")
	f.Fuzz(func(t *testing.T, raw []byte, name string) {
		for _, c := range appendDN(nil, raw) {
			if c < ' ' || c == 0x7f {
				t.Errorf("a control character in %q", appendDN(nil, raw))
			}
		}
		appendPart(nil, raw, name)
	})
}
