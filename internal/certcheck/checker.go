package certcheck

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"time"

	"github.com/headgate/headgate/internal/crl"
	"github.com/headgate/headgate/internal/responder"
)

const (
	maxChain     = 100       // OpenSSL's greatest depth
	largestChain = 100 << 10 // OpenSSL: SSL_get_max_cert_list, in bytes
)

// Revocation is how revoked certificates are known: by lists, and by asking responders.
type Revocation struct {
	Policy  crl.Policy // SSLCARevocationCheck
	Lists   *crl.Lists
	Inquiry *responder.Inquiry // SSLOCSPEnable; nil: off
}

// Checker knows the certificates that are trusted: SSLCACertificateFile and
// SSLCACertificatePath.
type Checker struct {
	key string
	rev Revocation
	by  map[string][]*x509.Certificate // by subject
}

// New makes a Checker of certificates of CAs.
func New(cas []*x509.Certificate, rev Revocation) *Checker {
	c := &Checker{rev: rev, by: make(map[string][]*x509.Certificate)}
	h := sha256.New()
	for _, ca := range cas {
		name := string(ca.RawSubject)
		c.by[name] = append(c.by[name], ca)
		_, _ = h.Write(ca.Raw)
		_, _ = io.WriteString(h, "|")
	}
	if rev.Policy.Depth != crl.None {
		fmt.Fprintf(h, "%v %x", rev.Policy, rev.Lists.Sum())
	}
	if rev.Inquiry != nil {
		_, _ = io.WriteString(h, "?"+rev.Inquiry.Key())
	}
	c.key = string(h.Sum(nil))
	return c
}

// Same reports whether the verdicts of both are alike.
func (c *Checker) Same(o *Checker) bool { return c == o || c != nil && o != nil && c.key == o.key }

// Key names everything that a verdict depends on, but for the time.
func (c *Checker) Key() string { return c.key }

// Check judges what a client has sent: its certificate, and others that may be of
// use.
func (c *Checker) Check(sent []*x509.Certificate, now time.Time) *Verdict {
	v := &Verdict{By: c}
	if len(sent) == 0 {
		return v
	}
	size := 0
	for _, s := range sent {
		size += len(s.Raw)
	}
	if size > largestChain {
		v.Chain, v.Wrong = sent[:1], failure(TooLong)
		return v
	}
	var unknown Code
	v.Chain, unknown = c.build(sent, now)
	if unknown == TooLong {
		v.Wrong = failure(TooLong)
		return v
	}
	if unknown == NoLocalIssuer && len(v.Chain) == 1 {
		v.Unknown = failure(LeafUnverified) // OpenSSL: internal_verify says it later than build_chain
	} else {
		v.Unknown = failure(unknown)
	}
	v.Wrong = c.wrong(v.Chain, unknown, now)
	return v
}

// wrong returns what is wrong with a chain, in OpenSSL's order.
func (c *Checker) wrong(chain []*x509.Certificate, unknown Code, now time.Time) Failure {
	if code := cmp.Or(purposes(chain), weak(chain)); code != OK {
		return failure(code)
	}
	if c.rev.Policy.Depth != crl.None {
		if e := c.rev.Lists.Check(c.rev.Policy, chain, now); e != nil {
			return Failure{Code(e.Code), e.Text}
		}
	}
	return failure(cmp.Or(signed(chain, unknown, now), named(chain, now)))
}

// build makes the chain, with trusted certificates where there are any. OpenSSL:
// build_chain.
func (c *Checker) build(sent []*x509.Certificate, now time.Time) (chain []*x509.Certificate, unknown Code) {
	chain = append(chain, sent[0])
	ours := false
	for len(chain) <= maxChain {
		last := chain[len(chain)-1]
		if crl.SelfIssued(last) {
			switch {
			case c.trusts(last):
				return chain, OK
			case len(chain) == 1:
				return chain, SelfSigned
			}
			return chain, SelfSignedInChain
		}
		issuer := pick(last, c.by[string(last.RawIssuer)], now)
		if issuer == nil && !ours { // above a trusted one only trusted ones count
			issuer = pick(last, sent[1:], now)
		} else {
			ours = true
		}
		switch {
		case issuer != nil:
			chain = append(chain, issuer)
		case ours:
			return chain, NoIssuer
		default:
			return chain, NoLocalIssuer
		}
	}
	return chain, TooLong
}

// trusts reports whether this very certificate is one of ours.
func (c *Checker) trusts(cert *x509.Certificate) bool {
	for _, o := range c.by[string(cert.RawSubject)] {
		if o.Equal(cert) {
			return true
		}
	}
	return false
}

// pick returns the issuer of a certificate among others: one that is valid now, or
// else the one that is the latest to end. OpenSSL: X509_STORE_CTX_get1_issuer.
func pick(of *x509.Certificate, among []*x509.Certificate, now time.Time) (best *x509.Certificate) {
	for _, c := range among {
		switch {
		case c == of || !mayHaveIssued(c, of):
		case inTime(c, now) == OK:
			return c
		case best == nil || c.NotAfter.After(best.NotAfter):
			best = c
		}
	}
	return best
}

// mayHaveIssued compares names and identifiers of keys; what the issuer may do, and
// the signature, are checked later. OpenSSL: X509_check_issued.
func mayHaveIssued(issuer, of *x509.Certificate) bool {
	return bytes.Equal(issuer.RawSubject, of.RawIssuer) && fits(of.AuthorityKeyId, issuer.SubjectKeyId)
}

func fits(wanted, key []byte) bool {
	return len(wanted) == 0 || len(key) == 0 || bytes.Equal(wanted, key)
}

func inTime(c *x509.Certificate, now time.Time) Code {
	switch {
	case now.Before(c.NotBefore):
		return NotYetValid
	case !now.Before(c.NotAfter):
		return Expired
	}
	return OK
}
