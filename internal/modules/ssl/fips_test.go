package ssl

import (
	"crypto/fips140"
	"strings"
	"testing"
)

// TestFIPS: SSLFIPS on is refused unless the process is in the mode that it asks for.
func TestFIPS(t *testing.T) {
	want := "refused"
	if fips140.Enabled() {
		want = "honoured"
	}
	tiers, says := judged("SSLFIPS on\nSSLFIPS off\nSSLCertificateFile pkcs11:token=a\nSSLSRPVerifierFile x\nSSLCryptoDevice builtin\nSSLEngine optional\nSSLPolicy modern")
	if got := strings.Join(tiers, " "); got != want+" honoured refused refused noted noted refused" {
		t.Errorf("%s\n%s", got, says)
	}
}
