package responder

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"

	"golang.org/x/crypto/ocsp"
)

// The library knows neither the extensions of requests and responses nor what a response says of
// the issuer: these are the parts of RFC 6960, section 4, that have them. What follows in a
// sequence is ignored.
type (
	request struct {
		TBS struct {
			Version    int `asn1:"explicit,tag:0,default:0,optional"`
			List       []asn1.RawValue
			Extensions []pkix.Extension `asn1:"explicit,tag:2,optional"`
		}
	}
	response struct {
		Status asn1.Enumerated
		Bytes  struct {
			Kind asn1.ObjectIdentifier
			Body []byte
		} `asn1:"explicit,tag:0,optional"`
	}
	basic struct {
		Data struct {
			Version    int `asn1:"optional,default:0,explicit,tag:0"`
			Responder  asn1.RawValue
			Produced   asn1.RawValue
			List       []single
			Extensions []pkix.Extension `asn1:"explicit,tag:1,optional"`
		}
	}
	single struct {
		About struct {
			Hash      pkix.AlgorithmIdentifier
			Name, Key []byte
			Serial    *big.Int
		}
	}
)

// nonceID is id-pkix-ocsp-nonce (RFC 9654).
var nonceID = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}

const nonceSize = 32

var (
	errNonce = errors.New("AH01924: bad nonce: the response is not to this request")
	errOther = errors.New("AH02272: the response is about another certificate")
)

// sha1ID is the digest by which requests name issuers, as OpenSSL's.
var sha1ID = asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}

// ask makes a request about a certificate; nonce is nil if the request has none.
func ask(leaf, issuer *x509.Certificate, withNonce bool) (der, nonce []byte, err error) {
	der, err = ocsp.CreateRequest(leaf, issuer, nil)
	if err != nil || !withNonce {
		return der, nil, err
	}
	var q request
	if _, err = asn1.Unmarshal(der, &q); err != nil {
		return nil, nil, err
	}
	text := make([]byte, nonceSize)
	_, _ = rand.Read(text) // crypto/rand: it never fails
	if nonce, err = asn1.Marshal(text); err != nil {
		return nil, nil, err
	}
	q.TBS.Extensions = []pkix.Extension{{Id: nonceID, Value: nonce}}
	der, err = asn1.Marshal(q)
	return der, nonce, err
}

// echoes checks that a response is to the request q: it is about that certificate of that
// issuer, and has the request's nonce if there is one. The library has parsed it.
//
// httpd: a response without a nonce does not do (OCSP_check_nonce).
func echoes(raw, q, nonce []byte) error {
	var r response
	var b basic
	if _, err := asn1.Unmarshal(raw, &r); err != nil {
		return err
	}
	if _, err := asn1.Unmarshal(r.Bytes.Body, &b); err != nil {
		return err
	}
	if nonce != nil && !slices.ContainsFunc(b.Data.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(nonceID) && bytes.Equal(e.Value, nonce) }) {
		return errNonce
	}
	about, err := ocsp.ParseRequest(q)
	if err != nil {
		return err
	}
	// The library takes the first with the serial number.
	i := slices.IndexFunc(b.Data.List, func(s single) bool { return s.About.Serial.Cmp(about.SerialNumber) == 0 })
	if i < 0 || !b.Data.List[i].About.Hash.Algorithm.Equal(sha1ID) || !bytes.Equal(b.Data.List[i].About.Name, about.IssuerNameHash) ||
		!bytes.Equal(b.Data.List[i].About.Key, about.IssuerKeyHash) {
		return errOther
	}
	return nil
}
