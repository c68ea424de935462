package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"
)

// UsesClientCerts reports whether a configuration has to do with certificates of clients.
func UsesClientCerts(conf string) bool { return strings.Contains(conf, "clients/") }

// ClientCert returns a certificate of a client, with what it sends along; false: there is none of this name.
func ClientCert(name string) (tls.Certificate, bool) {
	c, ok := clientPKI().certs[name]
	return c, ok
}

// ClientFiles returns the files that configurations which verify clients name, in the folder clients.
func ClientFiles() map[string]string { return clientPKI().files }

// clients are certificates of clients by name, and files.
type clients struct {
	certs map[string]tls.Certificate
	files map[string]string
}

// begun and over are the limits of certificates: fixed, so that records stay true.
var (
	begun = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	over  = time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC)
)

// fixedKey makes a key of a name, the same in each run.
func fixedKey(name string) *ecdsa.PrivateKey {
	sum := sha256.Sum256([]byte("headgate " + name))
	sum[0] = 0 // below the order of the curve
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), sum[:])
	if err != nil {
		panic(err)
	}
	return key
}

// fixed makes a certificate that is the same in each run, under the key of its name; a nil issuer makes it
// self-signed.
func fixed(name string, serial int64, by *issued, change func(*x509.Certificate)) *issued {
	t := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: begun, NotAfter: over,
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	if change != nil {
		change(t)
	}
	key := fixedKey(name)
	parent, signer := t, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(nil, t, parent, &key.PublicKey, signer)
	out := &issued{key: key}
	if err == nil {
		out.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		panic(err)
	}
	return out
}

// broken returns what was signed with a wrong signature: its last byte is another.
func broken(der []byte) []byte {
	der = slices.Clone(der)
	der[len(der)-1] ^= 1
	return der
}

// fixedList makes a list of revoked certificates.
func fixedList(by *issued, from, until time.Time, list ...*issued) string {
	return listPEM(fixedListDER(by, from, until, list...))
}

// forgedList is fixedList with a wrong signature.
func forgedList(by *issued, from, until time.Time) string {
	return listPEM(broken(fixedListDER(by, from, until)))
}

func listPEM(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
}

func fixedListDER(by *issued, from, until time.Time, list ...*issued) []byte {
	t := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: from, NextUpdate: until}
	for _, i := range list {
		t.RevokedCertificateEntries = append(t.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: i.cert.SerialNumber, RevocationTime: begun})
	}
	der, err := x509.CreateRevocationList(nil, t, by.cert, by.key)
	if err != nil {
		panic(err)
	}
	return der
}

// with returns a certificate with what a client sends along.
func with(i *issued, more ...*issued) tls.Certificate {
	c := tls.Certificate{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key, Leaf: i.cert}
	for _, m := range more {
		c.Certificate = append(c.Certificate, m.cert.Raw)
	}
	return c
}

// named is a subject with more than a CN.
func named(t *x509.Certificate) {
	t.Subject = pkix.Name{
		CommonName: "alice", Organization: []string{"Org, Inc."}, OrganizationalUnit: []string{"One", "Two"}, Country: []string{"FR"},
		Locality: []string{"Lyon"}, Province: []string{"Rhône"},
		ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 1}, Value: "alice@clients.test"},
			{Type: asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}, Value: "al"},
		},
	}
	t.SerialNumber = new(big.Int).SetBytes([]byte{0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0x0a})
	t.EmailAddresses = []string{"alice@clients.test", "a@clients.test"}
	t.DNSNames = []string{"alice.clients.test"}
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
}

var clientPKI = sync.OnceValue(func() *clients {
	date := func(from, to time.Time) func(*x509.Certificate) {
		return func(t *x509.Certificate) { t.NotBefore, t.NotAfter = from, to }
	}
	past, future := begun.AddDate(1, 0, 0), over.AddDate(-1, 0, 0)
	ca, other := fixed("client ca", 1, nil, authority), fixed("stranger ca", 2, nil, authority)
	oldCA := fixed("expired ca", 3, nil, func(t *x509.Certificate) { authority(t); date(begun, past)(t) })
	inter := fixed("client intermediate", 4, ca, authority)
	lower := fixed("client lower", 5, inter, authority)
	pathless := fixed("client pathless", 6, ca, func(t *x509.Certificate) { authority(t); t.MaxPathLen, t.MaxPathLenZero = 0, true })
	beyond := fixed("client beyond", 7, pathless, authority)
	noCA := fixed("client no ca", 8, ca, nil)
	webCA := fixed("client web ca", 9, ca, func(t *x509.Certificate) {
		authority(t)
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	good, revoked := fixed("good", 20, ca, nil), fixed("revoked", 21, ca, nil)
	revokedDeep := fixed("revoked deep", 22, inter, nil)
	self, trusted := fixed("self", 23, nil, nil), fixed("trusted", 24, nil, nil)
	gone := fixed("client gone", 25, ca, authority)
	forged := with(fixed("forged", 26, ca, nil))
	forged.Certificate[0] = broken(forged.Certificate[0])
	server := func(t *x509.Certificate) { t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }
	p := &clients{certs: map[string]tls.Certificate{
		"good": with(good), "good+ca": with(good, ca), "alice": with(fixed("alice", 0, ca, named)), "bob": with(fixed("bob", 30, ca, nil)),
		"expired": with(fixed("expired", 31, ca, date(begun, past))), "future": with(fixed("future", 32, ca, date(future, over))),
		"revoked": with(revoked), "stranger": with(fixed("stranger", 33, other, nil)),
		"stranger+ca": with(fixed("stranger", 33, other, nil), other), "self": with(self), "trusted": with(trusted),
		"deep": with(fixed("deep", 34, inter, nil), inter), "deep-alone": with(fixed("deep", 34, inter, nil)),
		"deep+ca": with(fixed("deep", 34, inter, nil), inter, ca), "deeper": with(fixed("deeper", 35, lower, nil), lower, inter),
		"deeper-mixed": with(fixed("deeper", 35, lower, nil), inter, lower), "pathless": with(fixed("beyond", 36, beyond, nil), beyond, pathless),
		"by-no-ca": with(fixed("by no ca", 37, noCA, nil), noCA), "by-web-ca": with(fixed("by web ca", 38, webCA, nil), webCA),
		"server": with(fixed("server", 39, ca, server)), "any": with(fixed("any", 40, ca, func(t *x509.Certificate) { t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageAny} })),
		"signer": with(fixed("signer", 41, ca, func(t *x509.Certificate) { t.KeyUsage = x509.KeyUsageCertSign })), "forged": forged,
		"old-ca": with(fixed("old ca", 42, oldCA, nil)), "revoked-deep": with(revokedDeep, inter), "by-gone": with(fixed("by gone", 43, gone, nil), gone),
		"stranger-expired": with(fixed("stranger expired", 44, other, date(begun, past))),
		"self-expired":     with(fixed("self expired", 45, nil, date(begun, past))),
		"critical": with(fixed("critical", 46, ca, func(t *x509.Certificate) {
			t.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 4}, Critical: true, Value: []byte{5, 0}}}
		})),
		"ca-itself": with(ca),
	}}
	long := with(fixed("long", 50, ca, nil))
	for len(long.Certificate) < 100 {
		long.Certificate = append(long.Certificate, other.cert.Raw)
	}
	p.certs["chain-of-100"] = long
	wrongKey := with(good)
	wrongKey.PrivateKey = fixedKey("somebody")
	p.certs["wrong-key"] = wrongKey
	huge := with(fixed("huge", 51, ca, func(t *x509.Certificate) {
		t.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 5}, Value: make([]byte, 110_000)}}
	}))
	p.certs["huge"] = huge
	large := with(fixed("large", 52, ca, func(t *x509.Certificate) {
		t.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3, 5}, Value: make([]byte, 80_000)}}
	}))
	p.certs["large"] = large
	hash := func(c *issued) string { return strings.TrimSuffix(hashedName(c.cert), ".0") }
	p.files = map[string]string{
		"clients/ca.crt": ca.pem(), "clients/other.crt": other.pem(), "clients/both.crt": ca.pem() + other.pem(), "clients/inter.crt": inter.pem(),
		"clients/ca+inter.crt": ca.pem() + inter.pem(), "clients/trusted.crt": trusted.pem(), "clients/old.crt": oldCA.pem(), "clients/leaf.crt": good.pem(),
		"clients/hashed/" + hash(ca) + ".0": ca.pem(), "clients/plain/ca.pem": ca.pem(), "clients/names/other.pem": other.pem(),
		"clients/crl.pem": fixedList(ca, begun, over, revoked, gone), "clients/crl-all.pem": fixedList(ca, begun, over, revoked, gone) + fixedList(inter, begun, over, revokedDeep),
		"clients/crl-old.pem": fixedList(ca, begun, past, revoked), "clients/crl-future.pem": fixedList(ca, future, over, revoked),
		"clients/crl-forged.pem": forgedList(ca, begun, over), "clients/crl-other.pem": fixedList(other, begun, over),
		"clients/lists/" + hash(ca) + ".r0": fixedList(ca, begun, over, revoked, gone),
	}
	return p
})
