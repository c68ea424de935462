package certvar

import (
	"slices"
	"testing"
)

// What mod_ssl 2.4.71 prints (group tls-verify-vars of test/diff).
func TestLegacyDN(t *testing.T) {
	a := read(t, "a.crt")
	const want = `/C=FR/ST=Some, State/L=Paris/O=Org\+Co/OU=One/OU=Two/CN=a.test/emailAddress=x@a.test`
	for _, issuer := range []bool{false, true} { // it is self-signed
		if got := string(AppendLegacyDN(nil, a, issuer)); got != want {
			t.Errorf("issuer %v: %q, want %q", issuer, got, want)
		}
	}
}

func TestPartNames(t *testing.T) {
	a := read(t, "a.crt")
	names := PartNames(a)
	for _, want := range []string{"S_DN_OU", "S_DN_OU_1", "I_DN_CN", "S_DN_Email", "SAN_DNS_0", "SAN_DNS_1", "SAN_Email_0"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing in %q", want, names)
		}
	}
	for _, n := range names {
		if len(Append(nil, a, n)) == 0 {
			t.Errorf("%s is empty", n)
		}
	}
}
