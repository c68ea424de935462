package crl

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// party is a certificate with its key.
type party struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

var lastSerial int64 = 1000

// issue makes a certificate; a nil issuer makes it self-signed.
func issue(t testing.TB, subject pkix.Name, by *party, ca bool, change func(*x509.Certificate)) *party {
	t.Helper()
	lastSerial++
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(lastSerial), Subject: subject, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true, IsCA: ca,
	}
	if ca {
		c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	}
	if change != nil {
		change(c)
	}
	p := &party{key: newKey(t)}
	parent, signer := c, p.key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &p.key.PublicKey, signer)
	if err == nil {
		p.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// entry is one of a list's.
type entry struct {
	Serial     *big.Int
	At         time.Time        `asn1:"utc"`
	Extensions []pkix.Extension `asn1:"optional,omitempty"`
}

// listOf is what a list says, so that a test can have any.
type listOf struct {
	first      bool // version 1
	issuer     []byte
	from       time.Time
	until      time.Time // zero: not said
	revoked    []entry
	extensions []pkix.Extension
	key        *ecdsa.PrivateKey
}

func marshal(t testing.TB, v any, params string) asn1.RawValue {
	t.Helper()
	der, err := asn1.MarshalWithParams(v, params)
	if err != nil {
		t.Fatal(err)
	}
	return asn1.RawValue{FullBytes: der}
}

// der makes the list.
func (l *listOf) der(t testing.TB) []byte {
	t.Helper()
	alg := pkix.AlgorithmIdentifier{Algorithm: asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}}
	var parts []asn1.RawValue
	if !l.first {
		parts = append(parts, marshal(t, 1, ""))
	}
	parts = append(parts, marshal(t, alg, ""), asn1.RawValue{FullBytes: l.issuer}, marshal(t, l.from.UTC(), "utc"))
	if !l.until.IsZero() {
		parts = append(parts, marshal(t, l.until.UTC(), "utc"))
	}
	if len(l.revoked) > 0 {
		parts = append(parts, marshal(t, l.revoked, ""))
	}
	if !l.first && len(l.extensions) > 0 {
		parts = append(parts, marshal(t, l.extensions, "explicit,tag:0"))
	}
	tbs := marshal(t, parts, "")
	sum := sha256.Sum256(tbs.FullBytes)
	sig, err := ecdsa.SignASN1(rand.Reader, l.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return marshal(t, []asn1.RawValue{tbs, marshal(t, alg, ""), marshal(t, asn1.BitString{Bytes: sig, BitLength: 8 * len(sig)}, "")}, "").FullBytes
}

func pemOf(kind string, ders ...[]byte) (out []byte) {
	for _, d := range ders {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: d})...)
	}
	return out
}

// keyID is the extension that names the key of a list's issuer.
func keyID(t testing.TB, id []byte) pkix.Extension {
	return pkix.Extension{Id: idKey, Value: marshal(t, []asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 0, Bytes: id}}, "").FullBytes}
}

// scopeOf is an issuingDistributionPoint with one flag, by its tag, or a URI.
func scopeOf(t testing.TB, tag int, uri string) pkix.Extension {
	var parts []asn1.RawValue
	if uri != "" {
		name := marshal(t, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte(uri)}, "")
		full := marshal(t, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: name.FullBytes}, "")
		parts = append(parts, marshal(t, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: full.FullBytes}, ""))
	}
	if tag > 0 {
		parts = append(parts, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte{0xff}})
	}
	return pkix.Extension{Id: idScope, Critical: true, Value: marshal(t, parts, "").FullBytes}
}
