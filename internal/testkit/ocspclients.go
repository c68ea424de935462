package testkit

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // names of issuers in OCSP
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"sync"
	"time"

	"golang.org/x/crypto/ocsp"
)

// clientSigners sign responses about certificates of clients, by the digest of the issuer's key. Their certificates are
// in the responses, as OpenSSL needs them.
var clientSigners = sync.OnceValue(func() map[string]*signers {
	other := fixed("strange responder", 60, nil, authority)
	list := map[string]*signers{}
	ca := fixed("client ca", 1, nil, authority)
	for _, of := range []*issued{ca, fixed("client intermediate", 4, ca, authority)} {
		uses := func(until time.Time, u x509.ExtKeyUsage) func(*x509.Certificate) {
			return func(c *x509.Certificate) { c.ExtKeyUsage, c.NotAfter = []x509.ExtKeyUsage{u}, until }
		}
		s := &signers{ca: of, other: other, shown: of}
		s.delegate = fixed("client responder", 61, of, uses(over, x509.ExtKeyUsageOCSPSigning))
		s.stranger = fixed("no client responder", 62, of, uses(over, x509.ExtKeyUsageClientAuth))
		s.late = fixed("late client responder", 63, of, uses(begun.AddDate(1, 0, 0), x509.ExtKeyUsageOCSPSigning))
		var key struct {
			Kind asn1.RawValue
			Bits asn1.BitString
		}
		if _, err := asn1.Unmarshal(of.cert.RawSubjectPublicKeyInfo, &key); err != nil {
			panic(err)
		}
		sum := sha1.Sum(key.Bits.Bytes) //nolint:gosec // as above
		list[string(sum[:])] = s
	}
	return list
})

// strangeResponder is the file with the certificate that signs what nobody has authorised.
func strangeResponder() map[string]string {
	return map[string]string{"clients/responder.crt": fixed("strange responder", 60, nil, authority).pem()}
}

// answer returns the response to a request, with its nonce but for the path nononce.
func (r *Responder) answer(name string, text []byte, ask *ocsp.Request) []byte {
	s, ok := clientSigners()[string(ask.IssuerKeyHash)]
	if !ok {
		return r.Respond(name, ask.SerialNumber)
	}
	der := r.respond(s, name, ask.SerialNumber)
	var q struct {
		TBS struct {
			List       []asn1.RawValue
			Extensions []pkix.Extension `asn1:"explicit,tag:2,optional"`
		}
	}
	if _, err := asn1.Unmarshal(text, &q); err != nil || len(q.TBS.Extensions) == 0 || name == "nononce" {
		return der
	}
	e := q.TBS.Extensions[0]
	if name == "wrongnonce" {
		e.Value = append(bytes.Clone(e.Value[:len(e.Value)-1]), e.Value[len(e.Value)-1]^1)
	}
	key := s.ca.key
	switch name {
	case "foreign":
		key = s.other.key
	case "delegated":
		key = s.delegate.key
	case "noeku":
		key = s.stranger.key
	case "lateresponder":
		key = s.late.key
	}
	return withExtension(der, e, key)
}

// withExtension adds an extension to a response, and signs it again. What is no response stays as it is.
func withExtension(der []byte, e pkix.Extension, key *ecdsa.PrivateKey) []byte {
	var r struct {
		Status asn1.Enumerated
		Bytes  struct {
			Kind asn1.ObjectIdentifier
			Body []byte
		} `asn1:"explicit,tag:0,optional"`
	}
	var parts []asn1.RawValue // data, algorithm, signature, certificates
	if _, err := asn1.Unmarshal(der, &r); err != nil || r.Status != 0 {
		return der
	}
	if _, err := asn1.Unmarshal(r.Bytes.Body, &parts); err != nil {
		panic(err)
	}
	list := must(asn1.MarshalWithParams([]pkix.Extension{e}, "explicit,tag:1"))
	data := must(asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: append(bytes.Clone(parts[0].Bytes), list...)}))
	sum := sha256.Sum256(data)
	signature := must(ecdsa.SignASN1(rand.Reader, key, sum[:]))
	all := append(data, parts[1].FullBytes...)
	all = append(all, must(asn1.Marshal(asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}))...)
	for _, p := range parts[3:] {
		all = append(all, p.FullBytes...)
	}
	r.Bytes.Body = must(asn1.Marshal(asn1.RawValue{Tag: asn1.TagSequence, IsCompound: true, Bytes: all}))
	return must(asn1.Marshal(r))
}

func must(der []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return der
}
