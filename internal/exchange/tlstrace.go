package exchange

import (
	"crypto/tls"
	"fmt"

	"github.com/headgate/headgate/internal/cipherlist"
)

// DescribeTLS says what a handshake has agreed on, for LogLevel ssl:debug. Its
// beginning is httpd's.
func DescribeTLS(st *tls.ConnectionState) string {
	c, ok := cipherlist.ByID(st.CipherSuite)
	if !ok {
		c.Name = tls.CipherSuiteName(st.CipherSuite)
	}
	session := "new"
	if st.DidResume {
		session = "resumed"
	}
	text := fmt.Sprintf("Protocol: %s, Cipher: %s (%d/%d bits), session %s, key exchange %s", versionNames[st.Version], c.Name, c.Bits, c.Bits, session, st.CurveID)
	if st.ServerName != "" {
		text += fmt.Sprintf(", server name %q", st.ServerName)
	}
	if st.NegotiatedProtocol != "" {
		text += fmt.Sprintf(", ALPN %q", st.NegotiatedProtocol)
	}
	if n := len(st.PeerCertificates); n > 0 {
		leaf := st.PeerCertificates[0]
		text += fmt.Sprintf(", certificate of %q by %q until %s, %d in the chain",
			leaf.Subject.String(), leaf.Issuer.String(), leaf.NotAfter.UTC().Format("2006-01-02"), n)
	}
	return text
}
