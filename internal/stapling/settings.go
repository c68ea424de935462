package stapling

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"time"

	"github.com/headgate/headgate/internal/certfile"
)

// Settings are the directives SSLStapling*.
type Settings struct {
	ForceURL     string        // of the responder, instead of the certificate's
	Timeout      time.Duration // for a response to arrive
	Skew         time.Duration // by which clocks may differ
	MaxAge       time.Duration // of a response; negative: no limit
	Standard     time.Duration // after which a good response is requested again
	Error        time.Duration // after which a failed request is made again
	ReturnErrors bool          // clients get the responder's errors, too
	FakeTryLater bool          // clients get tryLater while the responder cannot be reached
}

// Defaults returns httpd's.
func Defaults() Settings {
	return Settings{
		Timeout: 10 * time.Second, Skew: 5 * time.Minute, MaxAge: -1, Standard: time.Hour, Error: 10 * time.Minute,
		ReturnErrors: true, FakeTryLater: true,
	}
}

// Subject is a certificate that goes with responses.
type Subject struct {
	Pair *certfile.Pair
	Settings
	Report Report
}

// Report logs something about a subject. id is httpd's message id, or "".
type Report func(level Level, id, text string)

// Level is how much a report matters.
type Level uint8

// The levels.
const (
	Info Level = iota
	Warning
	Failure
)

var (
	// ErrNoResponder says that a certificate names no OCSP responder, as those of Let's
	// Encrypt since 2025.
	ErrNoResponder = errors.New("the certificate names no OCSP responder")
	// ErrNoIssuer says that the chain does not have the certificate's issuer, which a
	// request needs.
	ErrNoIssuer = errors.New("AH02217: the chain does not have the certificate's issuer")
)

// Check returns why there will be no responses about a certificate; nil: there can be.
func Check(c *tls.Certificate, s Settings) error {
	if _, err := target(c, s); err != nil {
		return err
	}
	_, err := issuerOf(c)
	return err
}

// target returns the URL of the responder. httpd: of several the first.
func target(c *tls.Certificate, s Settings) (string, error) {
	switch {
	case s.ForceURL != "":
		return s.ForceURL, nil
	case len(c.Leaf.OCSPServer) > 0:
		return c.Leaf.OCSPServer[0], nil
	}
	return "", ErrNoResponder
}

// issuerOf finds the issuer of a certificate in its chain.
func issuerOf(c *tls.Certificate) (*x509.Certificate, error) {
	for _, der := range c.Certificate[1:] {
		i, err := x509.ParseCertificate(der)
		if err == nil && bytes.Equal(i.RawSubject, c.Leaf.RawIssuer) && c.Leaf.CheckSignatureFrom(i) == nil {
			return i, nil
		}
	}
	if bytes.Equal(c.Leaf.RawSubject, c.Leaf.RawIssuer) {
		return nil, errors.New("the certificate is signed by itself")
	}
	return nil, ErrNoIssuer
}

// mustStaple is the TLS feature status_request in DER (RFC 7633).
var (
	featureID  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}
	mustStaple = 5
)

// Required reports whether a certificate tells clients to refuse it without a response.
func Required(leaf *x509.Certificate) bool {
	for _, e := range leaf.Extensions {
		var features []int
		if !e.Id.Equal(featureID) {
			continue
		}
		if _, err := asn1.Unmarshal(e.Value, &features); err == nil {
			for _, f := range features {
				if f == mustStaple {
					return true
				}
			}
		}
	}
	return false
}
