package certcheck

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/crl"
)

// purposes checks what the certificates of a chain are for. OpenSSL:
// check_extensions, with the purpose sslclient.
func purposes(chain []*x509.Certificate) Code {
	below := 0 // CAs below, those apart that only changed their key
	for i, c := range chain {
		switch {
		case len(c.UnhandledCriticalExtensions) > 0:
			return CriticalExtension
		case i > 0 && !isCA(c):
			return InvalidCA
		case !forClients(c) || i == 0 && c.KeyUsage != 0 && c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageKeyAgreement) == 0:
			return WrongPurpose
		case i > 1 && c.BasicConstraintsValid && limited(c) && below > c.MaxPathLen:
			return PathTooLong
		}
		if i > 0 && !bytes.Equal(c.RawSubject, c.RawIssuer) {
			below++
		}
	}
	return OK
}

func limited(c *x509.Certificate) bool {
	return c.MaxPathLen > 0 || c.MaxPathLen == 0 && c.MaxPathLenZero
}

// isCA reports whether a certificate may issue others. OpenSSL: check_ca.
func isCA(c *x509.Certificate) bool {
	switch {
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return false
	case c.BasicConstraintsValid:
		return c.IsCA
	case c.Version == 1:
		return crl.SelfIssued(c)
	}
	return c.KeyUsage != 0
}

// forClients reports whether the extended key usage, if there is one, names clients.
// OpenSSL: anyExtendedKeyUsage does not.
func forClients(c *x509.Certificate) bool {
	return len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0 || slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth)
}

// signed checks signatures and times, from the root down. OpenSSL: internal_verify.
func signed(chain []*x509.Certificate, unknown Code, now time.Time) Code {
	top := len(chain) - 1
	// Without its issuer the last certificate cannot be checked. Of one alone
	// the time counts nevertheless.
	if unknown == NoLocalIssuer && top > 0 {
		top--
	}
	for i := top; i >= 0; i-- {
		if i+1 < len(chain) {
			c, by := chain[i], chain[i+1]
			if by.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) != nil {
				return BadSignature
			}
		}
		if code := inTime(chain[i], now); code != OK {
			return code
		}
	}
	return OK
}

// weak refuses digests for which collisions are known; a root's own signature counts
// for nothing. OpenSSL: check_auth_level.
func weak(chain []*x509.Certificate) Code {
	for i, c := range chain {
		if i > 0 && i == len(chain)-1 && crl.SelfIssued(c) {
			break
		}
		switch c.SignatureAlgorithm {
		case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
			return WeakDigest
		}
	}
	return OK
}

var (
	oidConstraints = asn1.ObjectIdentifier{2, 5, 29, 30}
	oidEmail       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}
)

// constrained reports whether a CA of the chain limits the names below it.
func constrained(chain []*x509.Certificate) bool {
	for _, c := range chain[1:] {
		for _, e := range c.Extensions {
			if e.Id.Equal(oidConstraints) {
				return true
			}
		}
	}
	return false
}

// named checks the name constraints of CAs on a chain that is good otherwise.
//
// Ours: crypto/x509 compares alternative names only, OpenSSL those in the subject too.
// A certificate that has such a name there alone is refused.
func named(chain []*x509.Certificate, now time.Time) Code {
	if !constrained(chain) {
		return OK
	}
	leaf := chain[0]
	if host := leaf.Subject.CommonName; len(leaf.DNSNames) == 0 && strings.Contains(host, ".") && !strings.ContainsAny(host, " @") {
		return NameNotPermitted
	}
	for _, a := range leaf.Subject.Names {
		if a.Type.Equal(oidEmail) && !slices.Contains(leaf.EmailAddresses, fmt.Sprint(a.Value)) {
			return NameNotPermitted
		}
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(chain[len(chain)-1])
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, CurrentTime: now})
	if err != nil {
		return NameNotPermitted
	}
	return OK
}
