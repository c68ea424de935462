package responder

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// StatusText says what a response says about a certificate.
func StatusText(r *ocsp.Response) string {
	switch r.Status {
	case ocsp.Good:
		return "good"
	case ocsp.Revoked:
		return "revoked since " + r.RevokedAt.UTC().Format(time.RFC3339)
	}
	return "unknown"
}

// Authorised checks who has signed a response (RFC 6960, section 4.2.2.2). With a
// certificate in the response the library has checked that its key made the signature.
func Authorised(r *ocsp.Response, issuer *x509.Certificate, now time.Time) error {
	by := r.Certificate
	switch {
	case by == nil:
		if err := r.CheckSignatureFrom(issuer); err != nil {
			return fmt.Errorf("the response is not signed by the certificate's issuer %s: %w", issuer.Subject, err)
		}
		return nil
	case bytes.Equal(by.Raw, issuer.Raw):
		return nil
	}
	if err := issuer.CheckSignature(by.SignatureAlgorithm, by.RawTBSCertificate, by.Signature); err != nil {
		return fmt.Errorf("the response is signed by %s, which the certificate's issuer %s has not authorised: %w", by.Subject, issuer.Subject, err)
	}
	switch {
	case !slices.Contains(by.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return fmt.Errorf("the response is signed by %s, who may not sign responses (extended key usage OCSPSigning)", by.Subject)
	case now.Before(by.NotBefore) || now.After(by.NotAfter):
		return fmt.Errorf("the response is signed by %s, whose certificate is valid from %s until %s only", by.Subject, by.NotBefore.UTC().Format(time.RFC3339), by.NotAfter.UTC().Format(time.RFC3339))
	}
	return nil
}

// Times are the limits of a response's times.
type Times struct {
	Skew   time.Duration // by which clocks may differ
	MaxAge time.Duration // of a response; negative: no limit
}

// Current checks the times of a response. OpenSSL: OCSP_check_validity.
func (t Times) Current(r *ocsp.Response, now time.Time) error {
	switch {
	case r.ThisUpdate.After(now.Add(t.Skew)):
		return fmt.Errorf("response times invalid: it begins at %s", r.ThisUpdate.UTC().Format(time.RFC3339))
	case t.MaxAge >= 0 && r.ThisUpdate.Before(now.Add(-t.MaxAge)):
		return fmt.Errorf("response times invalid: it is of %s, and the greatest age is %v", r.ThisUpdate.UTC().Format(time.RFC3339), t.MaxAge)
	case !r.NextUpdate.IsZero() && (r.NextUpdate.Before(now.Add(-t.Skew)) || r.NextUpdate.Before(r.ThisUpdate)):
		return fmt.Errorf("response times invalid: it ended at %s", r.NextUpdate.UTC().Format(time.RFC3339))
	}
	return nil
}
