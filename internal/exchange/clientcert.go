package exchange

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/headgate/headgate/internal/certcheck"
	"github.com/headgate/headgate/internal/reactor"
)

// Verify says which certificates of clients a site accepts. Immutable.
type Verify struct {
	Demand  certcheck.Demand // of the server: SSLVerifyClient outside of sections
	Checker *certcheck.Checker
}

// ClientRefused is why a handshake fails for the client's certificate.
type ClientRefused struct {
	Failure certcheck.Failure
	Cert    *x509.Certificate
	Why     error // more of the failure; nil: there is no more
}

// Error implements error. What comes from the certificate is quoted.
func (r *ClientRefused) Error() string {
	text := r.Failure.Text
	if r.Why != nil && (r.Failure.Code == certcheck.Revoked || r.Failure.Code == certcheck.Unconfirmed) {
		text += ": " + r.Why.Error()
	}
	return fmt.Sprintf("the client's certificate is refused: %s (%d); certificate of %+q, issued by %+q, valid until %s",
		text, r.Failure.Code, r.Cert.Subject.String(), r.Cert.Issuer.String(), r.Cert.NotAfter.UTC().Format(time.RFC3339))
}

// Handshake judges the certificate of a connection whose handshake is under way, or
// of the session that it resumes. Where only sections ask for certificates each is
// accepted here, and they judge it.
func (v *Verify) Handshake(s *Secure, cs *tls.ConnectionState, l reactor.Loop) error {
	s.Requested = true
	verdict, err := v.check(cs.PeerCertificates, l)
	if err != nil {
		return err
	}
	s.verdict, s.asked = verdict, v.Demand.Mode != certcheck.None
	if f, _ := verdict.Judge(v.Demand); f.Failed() && verdict.Leaf() != nil {
		return &ClientRefused{f, verdict.Leaf(), verdict.Why}
	}
	return nil
}

// checkPatience limits how long a check waits for its turn.
const checkPatience = 30 * time.Second

// chainToCheck is a job for another thread.
type chainToCheck struct {
	by   *certcheck.Checker
	sent []*x509.Certificate
	now  time.Time
}

// check judges certificates off the loop: a chain may have many signatures. nil: there
// is no certificate.
func (v *Verify) check(sent []*x509.Certificate, l reactor.Loop) (*certcheck.Verdict, error) {
	if len(sent) == 0 {
		return nil, nil //nolint:nilnil // a nil Verdict is that of a client without one
	}
	ctx, cancel := context.WithTimeout(context.Background(), checkPatience)
	defer cancel()
	verdict, err := reactor.Await(ctx, l, reactor.Computing, chainToCheck{v.Checker, sent, l.Now()}, checkChain)
	patience := v.Checker.Patience()
	if err != nil || patience == 0 {
		return verdict, err
	}
	ctx, cancel = context.WithTimeout(context.Background(), checkPatience+patience)
	defer cancel()
	return reactor.Await(ctx, l, reactor.Inquiries, toInquire{v.Checker, verdict, l.Now()}, inquire)
}

// toInquire is a verdict that responders are asked about.
type toInquire struct {
	by  *certcheck.Checker
	v   *certcheck.Verdict
	now time.Time
}

func inquire(ctx context.Context, q toInquire) (*certcheck.Verdict, error) {
	return q.by.Inquire(ctx, q.v, q.now), nil
}

func checkChain(_ context.Context, c chainToCheck) (*certcheck.Verdict, error) {
	return c.by.Check(c.sent, c.now), nil
}

// rejudge judges the certificate again where x's site trusts other certificates than
// the site that did so before: after a reload, or where SSLVHostSNIPolicy admits
// requests for it.
func (s *Secure) rejudge(x *Exchange) {
	v := s.verify(x)
	if v == nil || len(s.State.PeerCertificates) == 0 || s.verdict != nil && v.Checker.Same(s.verdict.By) {
		return
	}
	s.verdict, _ = v.check(s.State.PeerCertificates, x.Loop) // nil, as without a certificate, where it cannot be judged
}

// Verify returns what the site demands of clients; nil: nothing.
func (s *Site) Verify() *Verify {
	if s.TLS == nil {
		return nil
	}
	return s.TLS.Verify
}

// verify returns what certificates are judged by: what x's site says, else what the
// site of the handshake does; nil: nothing.
func (s *Secure) verify(x *Exchange) *Verify {
	if x.Site != nil {
		if v := x.Site.Verify(); v != nil {
			return v
		}
	}
	if s.Site != nil {
		return s.Site.Verify()
	}
	return nil
}

// demand returns what the place that x is for demands of the client's certificate.
// here: it demands something. Else it has to be good, to count for anything.
//
// httpd: where no certificate is asked for there is none, unless another place has
// asked for it on this connection. Ours: then it counts if it is good; httpd has also
// one that only optional_no_ca accepts.
func (s *Secure) demand(x *Exchange) (d certcheck.Demand, here bool) {
	v := s.verify(x)
	switch {
	case x.Chain != nil && x.Chain.Demand.Mode != certcheck.None:
		return x.Chain.Demand, true
	case v == nil:
		return certcheck.Demand{Mode: certcheck.Optional}, false
	case x.Chain == nil && v.Demand.Mode != certcheck.None:
		return v.Demand, true
	}
	return certcheck.Demand{Mode: certcheck.Optional, Depth: v.Demand.Depth}, false
}

// known returns the verdict on the client's certificate by what x's site trusts; nil:
// there is none.
func (s *Secure) known(x *Exchange) *certcheck.Verdict {
	if v := s.verify(x); v == nil || s.verdict == nil || !v.Checker.Same(s.verdict.By) {
		return nil
	}
	return s.verdict
}

// Late reports that a certificate would have been asked for in a handshake for x's
// site, and was not in this connection's: the handshake was for another site, or
// before a reload.
func (s *Secure) Late(x *Exchange) bool { return !s.Requested && x.Site.Verify() != nil }

var errNoClientCert = errors.New("the client has sent no certificate")

// Demanded returns why the client's certificate does not meet a demand; nil: it
// does, and counts at other places too from now on.
func (s *Secure) Demanded(x *Exchange, d certcheck.Demand) error {
	f, _ := s.known(x).Judge(d)
	switch {
	case !f.Failed():
		s.asked = true
		return nil
	case f.Code == certcheck.Missing:
		return errNoClientCert
	}
	return &ClientRefused{f, s.verdict.Leaf(), s.verdict.Why}
}

// ClientCertificate returns the client's certificate; nil: there is none that counts
// at x's place.
func (s *Secure) ClientCertificate(x *Exchange) *x509.Certificate {
	v := s.known(x)
	d, here := s.demand(x)
	if f, _ := v.Judge(d); f.Failed() || !here && !s.asked {
		return nil
	}
	return v.Leaf()
}

// Verified reports whether the client has a certificate that a trusted CA has issued
// (httpd: ssl_authz_verify_client_check).
func (s *Secure) Verified(x *Exchange) bool {
	return s.ClientCertificate(x) != nil && !s.verdict.Unknown.Failed()
}

// appendVerify appends SSL_CLIENT_VERIFY. httpd: ssl_var_lookup_ssl_cert_verify; with
// TLS 1.3 an unknown issuer is a failure there, though it is accepted.
func (s *Secure) appendVerify(dst []byte, x *Exchange) []byte {
	v := s.known(x)
	d, here := s.demand(x)
	f, generous := v.Judge(d)
	switch {
	case generous && s.State.Version < tls.VersionTLS13:
		return append(dst, "GENEROUS"...)
	case generous:
		f = v.Unknown
	case v.Leaf() == nil, !here && (f.Failed() || !s.asked):
		return append(dst, "NONE"...)
	}
	if f.Failed() {
		return append(append(dst, "FAILED:"...), f.Text...)
	}
	return append(dst, "SUCCESS"...)
}
