package backtls

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"slices"

	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/tlsconn"
)

// Machine is a certificate that is shown to backends: one of
// SSLProxyMachineCertificateFile or Path.
type Machine struct {
	cert    tls.Certificate     // with the chain that is sent
	issuers []*x509.Certificate // that one is chosen by
}

// NewMachine makes one of a certificate and its key. What is sent with it are its
// issuers as far as they are among known, the root too. With byChain it is also
// shown to backends that name only a CA above its issuer.
//
// httpd: ssl_init_proxy_certs; OpenSSL: ssl_add_cert_chain.
func NewMachine(c *x509.Certificate, key crypto.Signer, known []*x509.Certificate, byChain bool) *Machine {
	m := &Machine{cert: tls.Certificate{Certificate: [][]byte{c.Raw}, PrivateKey: key, Leaf: c}}
	for issuer := c; !selfSigned(issuer) && len(m.cert.Certificate) <= mostIssuers; {
		if issuer = issuerOf(issuer, known); issuer == nil {
			break
		}
		m.cert.Certificate = append(m.cert.Certificate, issuer.Raw)
		if byChain {
			m.issuers = append(m.issuers, issuer)
		}
	}
	return m
}

// mostIssuers limits a chain.
const mostIssuers = 16

func issuerOf(c *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	i := slices.IndexFunc(among, func(ca *x509.Certificate) bool {
		return bytes.Equal(ca.RawSubject, c.RawIssuer) && ca.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
	})
	if i < 0 {
		return nil
	}
	return among[i]
}

// issuedUnder reports whether a CA that a backend names has issued m, or one of the
// issuers that m is chosen by.
func (m *Machine) issuedUnder(ca []byte) bool {
	if bytes.Equal(m.cert.Leaf.RawIssuer, ca) {
		return true
	}
	return slices.ContainsFunc(m.issuers, func(c *x509.Certificate) bool { return bytes.Equal(c.RawIssuer, ca) })
}

// choose returns the certificate for a backend that asks for one: that of the first
// CA in the backend's list which has issued one; the first where the list is empty; nil:
// none fits. httpd: ssl_callback_proxy_cert.
func choose(list []*Machine, cas [][]byte) *Machine {
	if len(cas) == 0 && len(list) > 0 {
		return list[0]
	}
	for _, ca := range cas {
		for _, m := range list {
			if m.issuedUnder(ca) {
				return m
			}
		}
	}
	return nil
}

// wish is what a handshake has seen of a backend that asks for a certificate.
type wish struct {
	certs []*Machine
	loop  reactor.Loop
	asked bool
	shown *Machine
}

// certificate is a GetClientCertificate. Without one that fits none is sent, and
// the backend decides.
func (w *wish) certificate(r *tls.CertificateRequestInfo) (*tls.Certificate, error) {
	w.asked = true
	m := choose(w.certs, r.AcceptableCAs)
	if m == nil {
		return new(tls.Certificate), nil
	}
	key := *r
	key.AcceptableCAs = nil // the choice is httpd's
	if key.SupportsCertificate(&m.cert) != nil {
		return new(tls.Certificate), nil //nolint:nilerr // OpenSSL: ssl3_check_client_certificate
	}
	w.shown = m
	return tlsconn.Away(&m.cert, w.loop), nil
}
