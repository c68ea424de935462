package responder

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"time"

	"golang.org/x/crypto/ocsp"

	"github.com/headgate/headgate/internal/ascii"
)

// Depth says about which certificates of a chain responders are asked.
type Depth uint8

// The first word of SSLOCSPEnable.
const (
	None  Depth = iota // off
	Leaf               // leaf: the peer's certificate
	Chain              // on: each certificate but a root
)

// Policy is what SSLOCSPEnable says.
type Policy struct {
	Depth     Depth
	MissingOK bool // no_ocsp_for_cert_ok: a certificate without a responder is accepted
}

// ParsePolicy reads the arguments of SSLOCSPEnable. The error names the argument that is
// wrong, in httpd's words, without the directive's name. httpd: ssl_cmd_ocspcheck_parse.
func ParsePolicy(words []string) (p Policy, err error) {
	first := ""
	if len(words) > 0 {
		first = words[0]
	}
	depth, ok := map[string]Depth{"off": None, "leaf": Leaf, "on": Chain}[ascii.ToLower(first)]
	if !ok {
		return p, fmt.Errorf("Invalid argument '%s'", first) //nolint:staticcheck // httpd's text
	}
	p.Depth = depth
	for _, w := range words[1:] {
		if !ascii.EqualFold(w, "no_ocsp_for_cert_ok") {
			return p, fmt.Errorf("Invalid argument '%s'", w) //nolint:staticcheck // httpd's text
		}
		p.MissingOK = true
	}
	return p, nil
}

// Settings are the directives SSLOCSP*.
type Settings struct {
	Policy
	Times
	Default  string // URL of the responder where a certificate names none
	Override bool   // Default is asked whatever a certificate names
	Timeout  time.Duration
	Nonce    bool                // requests have one, and responses must
	NoVerify bool                // who has signed a response does not matter
	Proxy    *url.URL            // for requests; nil: none
	Trusted  []*x509.Certificate // of responders; they may sign anything
}

// Defaults returns httpd's.
func Defaults() Settings {
	return Settings{Times: Times{Skew: 5 * time.Minute, MaxAge: -1}, Timeout: 10 * time.Second, Nonce: true}
}

// Key names everything that an outcome depends on, but for time and responders.
func (s *Settings) Key() string {
	h := sha256.New()
	fmt.Fprintf(h, "%v %v %q %v %v %v %v %v", s.Policy, s.Times, s.Default, s.Override, s.Timeout, s.Nonce, s.NoVerify, s.Proxy)
	for _, c := range s.Trusted {
		fmt.Fprintf(h, "|%x", c.Raw)
	}
	return string(h.Sum(nil))
}

// Inquiry asks about certificates of peers. It may be used by any thread.
type Inquiry struct {
	Settings
	client *Client
}

// NewInquiry makes an Inquiry.
func NewInquiry(s Settings) *Inquiry { return &Inquiry{s, NewClient(s.Proxy)} }

// Outcome is what is wrong with a certificate.
type Outcome struct {
	Revoked bool // else nobody says that it is good
	Why     error
}

var errNoResponder = errors.New("AH01918: the certificate names no OCSP responder, and there is no SSLOCSPDefaultResponder")

// Check asks about a chain, which begins with the peer's certificate and ends with a root. It
// blocks. nil: all certificates that matter are good. httpd: modssl_verify_ocsp.
func (q *Inquiry) Check(ctx context.Context, chain []*x509.Certificate, now time.Time) *Outcome {
	last := 0
	if q.Depth == Chain {
		last = len(chain) - 1
	}
	for i := min(last, len(chain)-1); i >= 0; i-- { // httpd: the root's side first
		c := chain[i]
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			continue // trusted by itself
		}
		if i+1 == len(chain) {
			return &Outcome{Why: fmt.Errorf("the issuer of %+q is not known", c.Subject.String())}
		}
		if o := q.status(ctx, c, chain[i+1], now); o != nil {
			o.Why = fmt.Errorf("%w; certificate of %+q", o.Why, c.Subject.String())
			return o
		}
	}
	return nil
}

// status asks about one certificate.
func (q *Inquiry) status(ctx context.Context, leaf, issuer *x509.Certificate, now time.Time) *Outcome {
	at := q.Default
	if !q.Override && len(leaf.OCSPServer) > 0 {
		at = leaf.OCSPServer[0]
	}
	switch u, err := url.Parse(at); {
	case at == "" && q.MissingOK, err == nil && q.MissingOK && !Usable(u):
		return nil // httpd: what cannot be asked counts as none
	case at == "":
		return &Outcome{Why: errNoResponder}
	case err != nil || !Usable(u):
		return &Outcome{Why: fmt.Errorf("AH01920: cannot handle OCSP responder URI %+q", at)}
	}
	der, nonce, err := ask(leaf, issuer, q.Nonce)
	if err != nil {
		return &Outcome{Why: err}
	}
	raw, err := q.client.Post(ctx, at, der, q.Timeout)
	if err != nil {
		return &Outcome{Why: fmt.Errorf("the OCSP responder %+q: %w", at, err)}
	}
	o := q.judge(raw, der, nonce, leaf, issuer, now)
	if o != nil {
		o.Why = fmt.Errorf("the OCSP responder %+q: %w", at, o.Why)
	}
	return o
}

// Usable reports whether a URL is one that requests can be made to.
func Usable(u *url.URL) bool { return ascii.EqualFold(u.Scheme, "http") && u.Hostname() != "" }

// judge checks the response to a request.
func (q *Inquiry) judge(raw, der, nonce []byte, leaf, issuer *x509.Certificate, now time.Time) *Outcome {
	r, err := ocsp.ParseResponseForCert(raw, leaf, nil)
	if err != nil {
		return &Outcome{Why: err}
	}
	if err := errors.Join(echoes(raw, der, nonce), q.authorised(r, issuer, now), q.Current(r, now)); err != nil {
		return &Outcome{Why: err}
	}
	if r.Status == ocsp.Good {
		return nil
	}
	return &Outcome{Revoked: r.Status == ocsp.Revoked, Why: fmt.Errorf("the certificate's status is %s", StatusText(r))}
}

// authorised checks who has signed a response. The signature itself always counts.
//
// Ours: the issuer may have signed it without its certificate in the response, too (RFC 6960,
// section 4.2.1); OpenSSL does not find the issuer then.
func (q *Inquiry) authorised(r *ocsp.Response, issuer *x509.Certificate, now time.Time) error {
	for _, t := range q.Trusted {
		if r.CheckSignatureFrom(t) == nil {
			return nil
		}
	}
	if q.NoVerify && r.Certificate != nil {
		return nil
	}
	return Authorised(r, issuer, now)
}
