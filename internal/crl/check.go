package crl

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"slices"
	"time"
)

// Error says why the lists do not let a certificate pass.
type Error struct {
	Code int    // OpenSSL's number, X509_V_ERR_...
	Text string // OpenSSL's text (X509_verify_cert_error_string)
	At   int    // which certificate of the chain: 0 is the peer's
	Cert *x509.Certificate
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s (%d)", e.Text, e.Code) }

// reason is what is wrong, as OpenSSL says it.
type reason struct {
	code int
	text string
}

// The reasons.
var (
	noList        = reason{3, "unable to get certificate CRL"}
	badSignature  = reason{8, "CRL signature failure"}
	notYetValid   = reason{11, "CRL is not yet valid"}
	expired       = reason{12, "CRL has expired"}
	revoked       = reason{23, "certificate revoked"}
	noIssuer      = reason{33, "unable to get CRL issuer certificate"}
	notForLists   = reason{35, "key usage does not include CRL signing"}
	strange       = reason{36, "unhandled critical CRL extension"}
	differentKind = reason{44, "different CRL scope"}
)

// Lists are the lists that one configuration names.
type Lists struct {
	by map[string][]*List // by the name of the issuer
}

// Make puts lists together.
func Make(lists ...[]*List) *Lists {
	all := &Lists{by: make(map[string][]*List)}
	for _, some := range lists {
		for _, l := range some {
			all.by[l.issuer] = append(all.by[l.issuer], l)
		}
	}
	return all
}

// Len returns how many lists there are.
func (s *Lists) Len() (n int) {
	for _, l := range s.by {
		n += len(l)
	}
	return n
}

// Sum returns a sum over all lists: two Lists with the same sum hold the same.
func (s *Lists) Sum() [sha256.Size]byte {
	var sums [][]byte
	for _, some := range s.by {
		for _, l := range some {
			sums = append(sums, l.sum[:])
		}
	}
	slices.SortFunc(sums, bytes.Compare)
	return sha256.Sum256(bytes.Join(sums, nil))
}

// CheckAny checks chains that lead from one certificate to CAs, as x509.Certificate.Verify
// returns them: nil if one of them passes, else what is wrong with the first.
func (s *Lists) CheckAny(p Policy, chains [][]*x509.Certificate, now time.Time) *Error {
	var first *Error
	for _, c := range chains {
		err := s.Check(p, c, now)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// Check checks a chain, which begins with the peer's certificate and ends with a
// root, or where no issuer was found. OpenSSL: check_revocation.
func (s *Lists) Check(p Policy, chain []*x509.Certificate, now time.Time) *Error {
	last := 0
	switch p.Depth {
	case None:
		return nil
	case Chain:
		last = len(chain) - 1
	}
	for i := 0; i <= last && i < len(chain); i++ {
		why := s.check(chain, i, now)
		if why == noList && p.MissingOK {
			continue
		}
		if why != (reason{}) {
			return &Error{Code: why.code, Text: why.text, At: i, Cert: chain[i]}
		}
	}
	return nil
}

// check checks one certificate of a chain (OpenSSL: check_cert). The zero reason: it
// passes.
func (s *Lists) check(chain []*x509.Certificate, i int, now time.Time) reason {
	c := chain[i]
	l, issuer := s.best(chain, i, now)
	switch {
	case l == nil:
		return noList
	case issuer == c && !SelfIssued(c):
		return noIssuer // the chain ends here
	case l.delta: // OpenSSL: it counts as any list, and less is checked
	case issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCRLSign == 0:
		return notForLists
	case !l.scope.covers(c):
		return differentKind
	}
	switch {
	case now.Before(l.from):
		return notYetValid
	case l.over(now):
		return expired
	case !l.signedBy(issuer):
		return badSignature
	case l.strange:
		return strange
	case l.revoked[serial(c.SerialNumber)]:
		return revoked
	}
	return reason{}
}

// SelfIssued reports whether a certificate may be its own issuer.
func SelfIssued(c *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, c.RawSubject) && (len(c.AuthorityKeyId) == 0 || len(c.SubjectKeyId) == 0 || bytes.Equal(c.AuthorityKeyId, c.SubjectKeyId))
}

// over reports whether the time is past the list's.
func (l *List) over(now time.Time) bool { return !l.until.IsZero() && !now.Before(l.until) }

// best returns the list that fits a certificate best, and the certificate of who
// issued the list; nil: there is none. OpenSSL: get_crl_sk, get_crl_score.
func (s *Lists) best(chain []*x509.Certificate, i int, now time.Time) (best *List, issuer *x509.Certificate) {
	top := -1
	name := canonical(chain[i].RawIssuer)
	for _, l := range s.by[name] {
		if !l.scope.usable() {
			continue
		}
		by := l.issuedBy(chain, i, name)
		if by == nil {
			continue
		}
		score := l.score(chain[i], now)
		if score > top || score == top && l.from.After(best.from) {
			best, issuer, top = l, by, score
		}
	}
	return best, issuer
}

// score counts what a list has, by how much it matters to OpenSSL.
func (l *List) score(c *x509.Certificate, now time.Time) (n int) {
	if !l.strange {
		n += 4
	}
	if l.scope.covers(c) {
		n += 2
	}
	if !now.Before(l.from) && !l.over(now) {
		n++
	}
	return n
}

// issuedBy returns the certificate of a chain whose key may have signed the list: the
// issuer of the i-th, or one above it that has the same name (OpenSSL:
// crl_akid_check).
func (l *List) issuedBy(chain []*x509.Certificate, i int, name string) *x509.Certificate {
	next := min(i+1, len(chain)-1)
	if l.fits(chain[next]) {
		return chain[next]
	}
	for _, c := range chain[next+1:] {
		if canonical(c.RawSubject) == name && l.fits(c) {
			return c
		}
	}
	return nil
}

// fits reports whether the list may be of a certificate's key.
func (l *List) fits(c *x509.Certificate) bool {
	return len(l.keyID) == 0 || len(c.SubjectKeyId) == 0 || slices.Equal(l.keyID, c.SubjectKeyId)
}
