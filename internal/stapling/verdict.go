package stapling

import (
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/headgate/headgate/internal/responder"
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
	if err := errors.Join(responder.Authorised(r, issuer, now), current(r, s, now)); err != nil {
		return unusable(s, err)
	}
	v := verdict{staple: raw, good: true}
	if !r.NextUpdate.IsZero() {
		v.until = r.NextUpdate.Add(s.Skew)
	}
	if r.Status != ocsp.Good {
		v.why = fmt.Errorf("AH02969: response has certificate status %s for serial number %X", responder.StatusText(r), leaf.SerialNumber)
	}
	return v
}

// otherCertificate reports whether a response can be read, and is about another
// certificate.
func otherCertificate(raw []byte) bool {
	_, err := ocsp.ParseResponse(raw, nil)
	return err == nil
}

// current checks the times of a response.
func current(r *ocsp.Response, s Settings, now time.Time) error {
	if err := (responder.Times{Skew: s.Skew, MaxAge: s.MaxAge}).Current(r, now); err != nil {
		return fmt.Errorf("AH01936: %w", err)
	}
	return nil
}
