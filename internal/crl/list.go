package crl

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"sync/atomic"
	"time"
)

// List is one list of revoked certificates. Immutable.
type List struct {
	issuer  string // canonical name
	keyID   []byte // of the issuer's key; nil: the list does not say
	revoked map[string]bool
	scope   scope
	delta   bool // it only says what has changed since another list
	strange bool // it has a critical extension that nobody here knows

	from, until time.Time // until is zero where the list does not say
	sum         [sha256.Size]byte

	algorithm   x509.SignatureAlgorithm
	signed, sig []byte

	signer atomic.Pointer[x509.Certificate] // whose key was found to have signed it
}

var (
	idDelta  = asn1.ObjectIdentifier{2, 5, 29, 27}
	idScope  = asn1.ObjectIdentifier{2, 5, 29, 28}
	idIssuer = asn1.ObjectIdentifier{2, 5, 29, 29} // of an entry
	idKey    = asn1.ObjectIdentifier{2, 5, 29, 35}
	idReason = asn1.ObjectIdentifier{2, 5, 29, 21} // of an entry
)

// removed is the reason of an entry that takes back an earlier one.
const removed = 8

// Parse reads a list in DER, of version 1 or 2 (RFC 5280, 5.1).
func Parse(der []byte) (*List, error) {
	r, err := parse(der)
	if err != nil {
		return nil, err
	}
	l := &List{
		issuer: canonical(r.RawIssuer), keyID: r.AuthorityKeyId, revoked: make(map[string]bool, len(r.RevokedCertificateEntries)),
		from: r.ThisUpdate, until: r.NextUpdate, sum: sha256.Sum256(der),
		algorithm: r.SignatureAlgorithm, signed: bytes.Clone(r.RawTBSRevocationList), sig: bytes.Clone(r.Signature),
	}
	for _, e := range r.RevokedCertificateEntries {
		if e.ReasonCode != removed {
			l.revoked[serial(e.SerialNumber)] = true
		}
		for _, x := range e.Extensions {
			l.strange = l.strange || x.Critical && !x.Id.Equal(idIssuer) && !x.Id.Equal(idReason)
		}
	}
	for _, x := range r.Extensions {
		switch {
		case x.Id.Equal(idScope):
			l.scope.read(x.Value)
		case x.Id.Equal(idDelta):
			l.delta = true
		case x.Critical && !x.Id.Equal(idKey):
			l.strange = true
		}
	}
	return l, nil
}

// parse is x509.ParseRevocationList also for lists of version 1, which crypto/x509 does
// not read: they lack the version, and what follows is alike.
func parse(der []byte) (*x509.RevocationList, error) {
	var outer struct {
		TBS            asn1.RawValue
		Algorithm, Sig asn1.RawValue
	}
	if _, err := asn1.Unmarshal(der, &outer); err != nil || len(outer.TBS.Bytes) == 0 || outer.TBS.Bytes[0] == asn1.TagInteger {
		return x509.ParseRevocationList(der)
	}
	first := outer.TBS.FullBytes
	version := []byte{asn1.TagInteger, 1, 1}
	outer.TBS = asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: append(version, outer.TBS.Bytes...)}
	der, err := asn1.Marshal(outer)
	if err != nil {
		return nil, err
	}
	r, err := x509.ParseRevocationList(der)
	if err == nil {
		r.RawTBSRevocationList = first
	}
	return r, err
}

// serial is a number as a key of a map.
func serial(n *big.Int) string {
	if n.Sign() < 0 {
		return "-" + string(n.Bytes())
	}
	return string(n.Bytes())
}

// signedBy reports whether the key of a certificate signed the list.
func (l *List) signedBy(c *x509.Certificate) bool {
	if s := l.signer.Load(); s != nil && (s == c || bytes.Equal(s.RawSubjectPublicKeyInfo, c.RawSubjectPublicKeyInfo)) {
		return true
	}
	if c.CheckSignature(l.algorithm, l.signed, l.sig) != nil {
		return false
	}
	l.signer.Store(c)
	return true
}
