package ssl

import (
	"crypto/tls"
	"crypto/x509"
	"slices"

	"github.com/headgate/headgate/internal/certfile"
	"github.com/headgate/headgate/internal/cipherlist"
	"github.com/headgate/headgate/internal/tlsconn"
)

// chosen returns the function that chooses a certificate for a client. With TLS 1.3 it is
// that of the first of the client's signature algorithms for which there is one, before
// that of the first of its cipher suites. With honor our own order counts (OpenSSL:
// tls_choose_sigalg, ssl3_choose_cipher).
func chosen(pairs []*certfile.Pair, honor bool, suites []uint16, highest uint16) func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	pairs = slices.Clone(pairs)
	slices.SortStableFunc(pairs, func(a, b *certfile.Pair) int { return rank(a) - rank(b) })
	if len(pairs) == 1 {
		p := pairs[0]
		return func(h *tls.ClientHelloInfo) (*tls.Certificate, error) { return tlsconn.Show(h, p.Certificate()) }
	}
	return func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		var certs []*tls.Certificate
		for _, p := range pairs {
			if c := p.Certificate(); h.SupportsCertificate(c) == nil {
				certs = append(certs, c)
			}
		}
		switch {
		case len(certs) == 0 && len(pairs) > 0:
			return tlsconn.Show(h, pairs[len(pairs)-1].Certificate())
		case len(certs) == 0:
			return nil, nil //nolint:nilnil // crypto/tls then says that there is none
		case len(certs) == 1 || honor:
			return tlsconn.Show(h, certs[0])
		}
		if highest < tls.VersionTLS13 || !slices.Contains(h.SupportedVersions, tls.VersionTLS13) {
			return tlsconn.Show(h, bySuite(h, certs, suites))
		}
		return tlsconn.Show(h, preferred(h, certs))
	}
}

// bySuite returns the certificate for the first of the client's cipher suites that is
// in use; nil suites are those that crypto/tls uses.
func bySuite(h *tls.ClientHelloInfo, certs []*tls.Certificate, suites []uint16) *tls.Certificate {
	for _, id := range h.CipherSuites {
		s, ok := cipherlist.ByID(id)
		if !ok || s.Modern() || suites != nil && !slices.Contains(suites, id) || suites == nil && !s.Usual() {
			continue
		}
		for _, c := range certs {
			if (c.Leaf.PublicKeyAlgorithm == x509.RSA) != s.ECDSA() {
				return c
			}
		}
	}
	return certs[0]
}

// rank orders kinds of keys as OpenSSL's own list of signature algorithms does.
func rank(p *certfile.Pair) int {
	switch p.Certificate().Leaf.PublicKeyAlgorithm {
	case x509.ECDSA:
		return 0
	case x509.Ed25519:
		return 1
	}
	return 2
}

// preferred returns the certificate for the first of the client's signature algorithms
// that fits one. All of certs do for some.
func preferred(h *tls.ClientHelloInfo, certs []*tls.Certificate) *tls.Certificate {
	for _, s := range h.SignatureSchemes {
		for _, c := range certs {
			if c.Leaf.PublicKeyAlgorithm == keyOf(s) {
				return c
			}
		}
	}
	return certs[0]
}

// keyOf returns the kind of key that a signature algorithm is for.
func keyOf(s tls.SignatureScheme) x509.PublicKeyAlgorithm {
	switch s {
	case tls.ECDSAWithP256AndSHA256, tls.ECDSAWithP384AndSHA384, tls.ECDSAWithP521AndSHA512, tls.ECDSAWithSHA1:
		return x509.ECDSA
	case tls.Ed25519:
		return x509.Ed25519
	case tls.PSSWithSHA256, tls.PSSWithSHA384, tls.PSSWithSHA512, tls.PKCS1WithSHA256, tls.PKCS1WithSHA384, tls.PKCS1WithSHA512, tls.PKCS1WithSHA1:
		return x509.RSA
	}
	return x509.UnknownPublicKeyAlgorithm
}
