package stapling

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// verdict is what becomes of a response.
type verdict struct {
	staple []byte    // what clients get; nil: nothing
	good   bool      // the response may be used until
	until  time.Time // zero: as long as there is no other
	why    error     // what is wrong, or what should be known
}

// tryLater is the OCSPResponse with the status tryLater (RFC 6960).
var tryLater = []byte{0x30, 0x03, 0x0a, 0x01, 0x03}

// unreachable is the verdict without a response that can be used.
func unreachable(s Settings, why error) verdict {
	v := verdict{why: why}
	if s.FakeTryLater {
		v.staple = tryLater
	}
	return v
}

// unusable is the verdict about a response that proves nothing about the certificate now.
//
// Ours: no such response is sent. httpd checks no signatures, and with ReturnErrors sends
// those about other certificates or other times too (stapling_check_response).
func unusable(s Settings, why error) verdict {
	s.FakeTryLater = s.FakeTryLater && s.ReturnErrors
	return unreachable(s, why)
}

// judge checks a response about leaf.
func judge(raw []byte, leaf, issuer *x509.Certificate, s Settings, now time.Time) verdict {
	r, err := ocsp.ParseResponseForCert(raw, leaf, nil)
	var status ocsp.ResponseError
	switch {
	case errors.As(err, &status):
		v := verdict{why: fmt.Errorf("AH01943: the responder's error is %v", status.Status)}
		if s.ReturnErrors {
			v.staple = raw
		}
		return v
	case err != nil && otherCertificate(raw):
		return unusable(s, fmt.Errorf("AH01935: certificate ID not present in response: %w", err))
	case err != nil:
		return unreachable(s, fmt.Errorf("its %d bytes are no OCSP response", len(raw)))
	}
	if err := errors.Join(authorised(r, issuer, now), current(r, s, now)); err != nil {
		return unusable(s, err)
	}
	v := verdict{staple: raw, good: true}
	if !r.NextUpdate.IsZero() {
		v.until = r.NextUpdate.Add(s.Skew)
	}
	if r.Status != ocsp.Good {
		v.why = fmt.Errorf("AH02969: response has certificate status %s for serial number %X", statusText(r), leaf.SerialNumber)
	}
	return v
}

// otherCertificate reports whether a response can be read, and is about another
// certificate.
func otherCertificate(raw []byte) bool {
	_, err := ocsp.ParseResponse(raw, nil)
	return err == nil
}

func statusText(r *ocsp.Response) string {
	if r.Status == ocsp.Revoked {
		return "revoked since " + r.RevokedAt.UTC().Format(time.RFC3339)
	}
	return "unknown"
}

// authorised checks who has signed a response (RFC 6960, section 4.2.2.2). With a
// certificate in the response the library has checked that its key made the signature.
func authorised(r *ocsp.Response, issuer *x509.Certificate, now time.Time) error {
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
		return fmt.Errorf("the response is signed by %s, whom the certificate's issuer %s has not authorised: %w", by.Subject, issuer.Subject, err)
	}
	switch {
	case !slices.Contains(by.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return fmt.Errorf("the response is signed by %s, who may not sign responses (extended key usage OCSPSigning)", by.Subject)
	case now.Before(by.NotBefore) || now.After(by.NotAfter):
		return fmt.Errorf("the response is signed by %s, whose certificate is valid from %s until %s only", by.Subject, by.NotBefore.UTC().Format(time.RFC3339), by.NotAfter.UTC().Format(time.RFC3339))
	}
	return nil
}

// current checks the times of a response (OCSP_check_validity).
func current(r *ocsp.Response, s Settings, now time.Time) error {
	switch {
	case r.ThisUpdate.After(now.Add(s.Skew)):
		return fmt.Errorf("AH01936: response times invalid: it begins at %s", r.ThisUpdate.UTC().Format(time.RFC3339))
	case s.MaxAge >= 0 && r.ThisUpdate.Before(now.Add(-s.MaxAge)):
		return fmt.Errorf("AH01936: response times invalid: it is of %s, and SSLStaplingResponseMaxAge is %v", r.ThisUpdate.UTC().Format(time.RFC3339), s.MaxAge)
	case !r.NextUpdate.IsZero() && (r.NextUpdate.Before(now.Add(-s.Skew)) || r.NextUpdate.Before(r.ThisUpdate)):
		return fmt.Errorf("AH01936: response times invalid: it ended at %s", r.NextUpdate.UTC().Format(time.RFC3339))
	}
	return nil
}
