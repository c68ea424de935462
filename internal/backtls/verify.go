package backtls

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/crl"
	"github.com/headgate/headgate/internal/fault"
)

// Refusal says why a backend's certificate is not accepted.
type Refusal struct {
	Cause     fault.Cause
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
	chains, why := c.trusted(cs.PeerCertificates, now)
	if why != "" {
		return &Refusal{untrusted(cs.PeerCertificates, now), "AH02039", "SSLProxyVerify", c.VerifyAt, why, leaf}
	}
	if e := c.revoked(chains, now); e != nil {
		why := e.Text
		if e.At > 0 {
			why = fmt.Sprintf("%s, of its issuer %+q", e.Text, e.Cert.Subject.String())
		}
		return &Refusal{fault.TLSRevoked, "AH02039", "SSLProxyCARevocationCheck", c.RevokedAt, why, leaf}
	}
	if c.Expire.On {
		switch {
		case !now.After(leaf.NotBefore):
			return &Refusal{fault.TLSExpired, "AH02004", "SSLProxyCheckPeerExpire", c.Expire.At, "it is not valid before " + leaf.NotBefore.UTC().Format(time.RFC3339), leaf}
		case !now.Before(leaf.NotAfter):
			return &Refusal{fault.TLSExpired, "AH02004", "SSLProxyCheckPeerExpire", c.Expire.At, "the certificate is expired", leaf}
		}
	}
	switch {
	case name == "":
	case c.Name.On && !matches(leaf, name):
		return &Refusal{fault.TLSName, "AH02411", "SSLProxyCheckPeerName", c.Name.At, fmt.Sprintf("the certificate is not for the name %+q, but for %+q", name, names(leaf)), leaf}
	case !c.Name.On && c.CN.On && !equalName(leaf.Subject.CommonName, name):
		return &Refusal{fault.TLSName, "AH02005", "SSLProxyCheckPeerCN", c.CN.At, fmt.Sprintf("the certificate is not for the name %+q", name), leaf}
	}
	return nil
}

// untrusted returns the cause of a chain that SSLProxyVerify does not accept: its time
// is over, or it is not trusted.
func untrusted(chain []*x509.Certificate, now time.Time) fault.Cause {
	for _, c := range chain {
		if now.After(c.NotAfter) || now.Before(c.NotBefore) {
			return fault.TLSExpired
		}
	}
	return fault.TLSUntrusted
}

// trusted returns the chains that SSLProxyVerify accepts, or why it accepts none. There
// are none where it accepts any certificate; with optional_no_ca that of an
// unknown CA is a chain by itself.
func (c *Config) trusted(peers []*x509.Certificate, now time.Time) (chains [][]*x509.Certificate, why string) {
	if c.Verify == VerifyNone {
		return nil, ""
	}
	between := c.between.Clone()
	for _, p := range peers[1:] {
		between.AddCert(p)
	}
	chains, err := peers[0].Verify(x509.VerifyOptions{Roots: c.roots, Intermediates: between, CurrentTime: now})
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unknown) && c.Verify == VerifyNoCA:
		return [][]*x509.Certificate{peers}, ""
	case errors.As(err, &unknown) && selfSigned(peers[0]):
		return nil, "the certificate is self-signed and none of SSLProxyCACertificateFile and SSLProxyCACertificatePath"
	case errors.As(err, &unknown):
		return nil, "no certificate of SSLProxyCACertificateFile or SSLProxyCACertificatePath leads to its issuer"
	case err != nil:
		return nil, reason(err)
	}
	shortest := len(chains[0])
	for _, chain := range chains[1:] {
		shortest = min(shortest, len(chain))
	}
	if shortest-1 > c.Depth {
		return nil, fmt.Sprintf("the chain has %d certificates above it, SSLProxyVerifyDepth allows %d", shortest-1, c.Depth)
	}
	return chains, ""
}

// revoked returns why SSLProxyCARevocationCheck does not accept chains that are trusted.
func (c *Config) revoked(chains [][]*x509.Certificate, now time.Time) *crl.Error {
	if c.Lists == nil || len(chains) == 0 {
		return nil
	}
	return c.Lists.CheckAny(c.Revoked, chains, now)
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
	if c.Subject.CommonName != "" && !slices.Contains(list, c.Subject.CommonName) {
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
