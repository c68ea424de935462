package exchange

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"

	"github.com/headgate/headgate/internal/certcheck"
	"github.com/headgate/headgate/internal/fault"
)

// TLS says how connections to a site are encrypted. Immutable.
type TLS struct {
	Config *tls.Config // for handshakes; nil: connections to the site are plain (SSLEngine Off)
	Policy SNIPolicy
	Setup  string  // by Policy, the settings that two sites must share to serve each other's connections
	Strict bool    // SSLStrictSNIVHostCheck
	Verify *Verify // nil: no certificates of clients are asked for

	// Certificate returns the first certificate of the site; nil where it has none.
	Certificate func() *x509.Certificate
}

// On reports whether a connection that a site is the base of begins with a
// handshake.
func (t *TLS) On() bool { return t != nil && t.Config != nil }

// SNIPolicy is SSLVHostSNIPolicy: which site a request may name on a connection
// whose handshake named another.
type SNIPolicy uint8

// The values of SSLVHostSNIPolicy.
const (
	SNISecure   SNIPolicy = iota // one with the same settings of TLS
	SNIStrict                    // no other
	SNIAuthOnly                  // one with the same settings for certificates of clients
	SNIInsecure                  // any
)

// Secure is what is known of an encrypted connection. It lives as long as the
// connection.
type Secure struct {
	State *tls.ConnectionState // the result of the handshake
	Cert  *x509.Certificate    // that the server has shown; nil where a session was resumed
	Site  *Site                // the handshake's, in the current snapshot; the Service keeps it

	Requested bool // the handshake has asked the client for a certificate

	verdict *certcheck.Verdict // on the client's certificate; nil: it has sent none
	asked   bool               // some place has asked for it, so that it counts elsewhere too
}

// ServerName returns the name that the client sent in its hello (SNI), "" if it
// sent none.
func (s *Secure) ServerName() string { return s.State.ServerName }

// Certificate returns the certificate of the server. httpd: for a resumed session
// it is the one that a full handshake would show.
func (s *Secure) Certificate() *x509.Certificate {
	if s.Cert == nil && s.Site != nil && s.Site.TLS != nil && s.Site.TLS.Certificate != nil {
		return s.Site.TLS.Certificate()
	}
	return s.Cert
}

// Admits checks that the request on an encrypted connection names a site that may
// be served on it. several: the connection's address has more than one site.
//
// httpd: ssl_hook_ReadReq.
func (s *Secure) Admits(x *Exchange, several bool) error {
	if s.ServerName() != "" && len(x.Req.Host) == 0 {
		return &fault.Fault{
			Side: fault.Client, Module: "ssl", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.HostMissing, Status: 400, ID: "AH02031",
			Detail: "a host name was sent in the handshake, and none in the request", Close: true,
		}
	}
	s.rejudge(x)
	if x.Site != s.Site && !compatible(s.Site, x.Site) {
		return &fault.Fault{
			Side: fault.Client, Module: "ssl", Phase: fault.Map, Kind: fault.Denied, Cause: fault.Misdirected, Status: 421, ID: "AH02032", Close: true,
			Detail: "the virtual host that the handshake has chosen and the one that the request names have no compatible settings of TLS",
		}
	}
	if s.ServerName() == "" && several && (strict(s.Site) || strict(x.Site)) {
		return &fault.Fault{
			Side: fault.Client, Module: "ssl", Phase: fault.Map, Kind: fault.Denied, Cause: fault.DeniedByTLS, Status: 403, ID: "AH02033",
			Detail: "no host name was sent in the handshake for a name based virtual host (SSLStrictSNIVHostCheck)",
		}
	}
	return nil
}

// compatible reports whether a request for site b may be served on a connection
// for site a.
func compatible(a, b *Site) bool {
	policy := SNISecure
	if t := cmp.Or(a.TLS, b.TLS); t != nil {
		policy = t.Policy
	}
	switch {
	case policy == SNIInsecure:
		return true
	case policy == SNIStrict:
		return false
	case a.TLS.On() != b.TLS.On():
		return false
	}
	return a.TLS == nil || b.TLS == nil || a.TLS.Setup == b.TLS.Setup
}

func strict(s *Site) bool { return s.TLS != nil && s.TLS.Strict }
