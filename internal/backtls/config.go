package backtls

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"weak"

	"github.com/headgate/headgate/internal/crl"
	"github.com/headgate/headgate/internal/lock"
)

// Verify is SSLProxyVerify.
type Verify uint8

// The values of SSLProxyVerify.
const (
	VerifyNone     Verify = iota // the issuer of the backend's certificate is not looked at
	VerifyOptional               // as VerifyRequire: a server always has a certificate
	VerifyRequire                // a CA must have issued it
	VerifyNoCA                   // optional_no_ca: the CA may be unknown
)

// Check is something that is checked of a certificate, and the place of the
// directive that asks for it, as file:line; "": it is so by default.
type Check struct {
	On bool
	At string
}

// Settings are what the directives say. They must not be changed once they are a
// Config's.
type Settings struct {
	Verify   Verify
	VerifyAt string              // where SSLProxyVerify is
	Depth    int                 // SSLProxyVerifyDepth: how many issuers a certificate may have
	CAs      []*x509.Certificate // SSLProxyCACertificateFile and Path

	Machines  []*Machine // SSLProxyMachineCertificateFile and Path
	MachineAt string     // the directives with their places

	Lists     *crl.Lists // SSLProxyCARevocationFile and Path; nil: none
	Revoked   crl.Policy // SSLProxyCARevocationCheck
	RevokedAt string

	Name   Check // SSLProxyCheckPeerName
	CN     Check // SSLProxyCheckPeerCN, where Name is off
	Expire Check // SSLProxyCheckPeerExpire

	Low, High uint16   // versions of TLS
	Suites    []uint16 // cipher suites up to TLS 1.2; nil: those of crypto/tls
}

// key names everything that a connection depends on.
func (s *Settings) key() string {
	h := sha256.New()
	fmt.Fprintf(h, "%d %d %v %v %v %d %d %v", s.Verify, s.Depth, s.Name.On, s.CN.On, s.Expire.On, s.Low, s.High, s.Suites)
	for _, c := range s.CAs {
		_, _ = io.WriteString(h, "|")
		_, _ = h.Write(c.Raw)
	}
	for _, m := range s.Machines {
		_, _ = io.WriteString(h, "|own")
		for _, der := range m.cert.Certificate {
			_, _ = h.Write(der)
		}
	}
	if s.Lists != nil {
		fmt.Fprintf(h, "|%x", s.Lists.Sum())
	}
	fmt.Fprintf(h, "|%v %q %q", s.Revoked, s.MachineAt, s.RevokedAt)
	// The places are in messages only; a Config that says others is another one.
	fmt.Fprintf(h, "|%q %q %q %q", s.VerifyAt, s.Name.At, s.CN.At, s.Expire.At)
	return string(h.Sum(nil))
}

// Config makes the connections of one identity.
type Config struct {
	Settings

	roots, between *x509.CertPool // of CAs: those that end a chain, and others
	sessions       tls.ClientSessionCache
}

// keptSessions is how many sessions a Config keeps for resumption.
const keptSessions = 256

func newConfig(s *Settings) *Config {
	c := &Config{Settings: *s, roots: x509.NewCertPool(), between: x509.NewCertPool(), sessions: tls.NewLRUClientSessionCache(keptSessions)}
	for _, ca := range s.CAs {
		if selfSigned(ca) {
			c.roots.AddCert(ca)
		} else {
			c.between.AddCert(ca) // OpenSSL: a chain ends at a root
		}
	}
	return c
}

// selfSigned reports whether a certificate was issued with its own key. A CA of
// version 1 is not known to be one, so that the signature alone counts.
func selfSigned(c *x509.Certificate) bool {
	return string(c.RawIssuer) == string(c.RawSubject) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// Set has the Configs in use. The zero value is empty; any thread may use it.
type Set struct {
	mu   lock.Mutex
	list map[string]weak.Pointer[Config]
}

// Config returns the Config of the settings.
func (s *Set) Config(of *Settings) *Config {
	key := of.key()
	fresh := newConfig(of)
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.list[key].Value(); c != nil {
		return c
	}
	for k, p := range s.list {
		if p.Value() == nil {
			delete(s.list, k)
		}
	}
	if s.list == nil {
		s.list = make(map[string]weak.Pointer[Config])
	}
	s.list[key] = weak.Make(fresh)
	return fresh
}
