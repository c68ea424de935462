package backtls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
)

// Refusal says why a backend's certificate is not accepted.
type Refusal struct {
	ID        string // httpd's message id
	Directive string // that asks for the check
	At        string // its place, "": it is so by default
	Why       string
	Cert      *x509.Certificate
}

// Error implements error. What comes from the certificate is quoted.
func (r *Refusal) Error() string {
	by := r.Directive + " (" + r.At + ")"
	if r.At == "" {
		by = r.Directive + " (which is on by default)"
	}
	return fmt.Sprintf("%s: %s; certificate of %+q, issued by %+q, valid until %s",
		by, r.Why, r.Cert.Subject.String(), r.Cert.Issuer.String(), r.Cert.NotAfter.UTC().Format(time.RFC3339))
}

var errNoCertificate = errors.New("the backend has no certificate")

// check checks the certificate of a connection to name, also where a session was
// resumed. httpd: ssl_callback_SSLVerify, then ssl_io_filter_handshake.
func (c *Config) check(cs *tls.ConnectionState, name string, now time.Time) error {
	if len(cs.PeerCertificates) == 0 {
		return errNoCertificate
	}
	leaf := cs.PeerCertificates[0]
	if why := c.untrusted(cs.PeerCertificates, now); why != "" {
		return &Refusal{"AH02039", "SSLProxyVerify", c.VerifyAt, why, leaf}
	}
	if c.Expire.On {
		switch {
		case !now.After(leaf.NotBefore):
			return &Refusal{"AH02004", "SSLProxyCheckPeerExpire", c.Expire.At, "it is not valid before " + leaf.NotBefore.UTC().Format(time.RFC3339), leaf}
		case !now.Before(leaf.NotAfter):
			return &Refusal{"AH02004", "SSLProxyCheckPeerExpire", c.Expire.At, "the certificate is expired", leaf}
		}
	}
	switch {
	case name == "":
	case c.Name.On && !matches(leaf, name):
		return &Refusal{"AH02411", "SSLProxyCheckPeerName", c.Name.At, fmt.Sprintf("the certificate is not for the name %+q, but for %+q", name, names(leaf)), leaf}
	case !c.Name.On && c.CN.On && !equalName(leaf.Subject.CommonName, name):
		return &Refusal{"AH02005", "SSLProxyCheckPeerCN", c.CN.At, fmt.Sprintf("the certificate is not for the name %+q", name), leaf}
	}
	return nil
}

// untrusted returns why SSLProxyVerify does not accept a chain, "" if it does.
func (c *Config) untrusted(peers []*x509.Certificate, now time.Time) string {
	if c.Verify == VerifyNone {
		return ""
	}
	between := c.between.Clone()
	for _, p := range peers[1:] {
		between.AddCert(p)
	}
	chains, err := peers[0].Verify(x509.VerifyOptions{Roots: c.roots, Intermediates: between, CurrentTime: now})
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unknown) && c.Verify == VerifyNoCA:
		return ""
	case errors.As(err, &unknown) && selfSigned(peers[0]):
		return "the certificate is self-signed and none of SSLProxyCACertificateFile and SSLProxyCACertificatePath"
	case errors.As(err, &unknown):
		return "no certificate of SSLProxyCACertificateFile or SSLProxyCACertificatePath leads to its issuer"
	case err != nil:
		return reason(err)
	}
	shortest := len(chains[0])
	for _, chain := range chains[1:] {
		shortest = min(shortest, len(chain))
	}
	if shortest-1 > c.Depth {
		return fmt.Sprintf("the chain has %d certificates above it, SSLProxyVerifyDepth allows %d", shortest-1, c.Depth)
	}
	return ""
}

// reason is what x509 says, without bytes of the peer.
func reason(err error) string {
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return "a certificate of the chain has expired or is not valid yet"
	}
	q := fmt.Sprintf("%+q", err.Error())
	return q[1 : len(q)-1]
}

// matches reports whether a certificate is for a name (httpd:
// modssl_X509_match_name): one of its alternative names or its CN. As in httpd
// addresses among the alternative names count for nothing.
func matches(c *x509.Certificate, name string) bool {
	for _, n := range names(c) {
		if equalName(n, name) {
			return true
		}
	}
	return false
}

// names returns the names that a certificate is for.
func names(c *x509.Certificate) []string {
	list := append([]string(nil), c.DNSNames...)
	if c.Subject.CommonName != "" {
		list = append(list, c.Subject.CommonName)
	}
	return list
}

// equalName compares a name of a certificate, which may begin with "*." for any
// first label, with that of a host.
func equalName(pattern, name string) bool {
	if ascii.EqualFold(pattern, name) {
		return pattern != ""
	}
	if !strings.HasPrefix(pattern, "*.") {
		return false
	}
	dot := strings.IndexByte(name, '.')
	return dot > 0 && ascii.EqualFold(pattern[1:], name[dot:])
}
