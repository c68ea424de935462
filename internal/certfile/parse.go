package certfile

import (
	"bytes"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
)

// read reads all files of a pair and checks that they fit.
func (p *Pair) read(find Unlock) (*tls.Certificate, error) {
	text, err := p.text(Cert)
	if err != nil {
		return nil, err
	}
	c := new(tls.Certificate)
	if c.Certificate, err = Chained(text); err == nil {
		c.Leaf, err = x509.ParseCertificate(c.Certificate[0])
	}
	if err != nil {
		return nil, &Error{Cert, p.Files[Cert], err}
	}
	if err := p.readChain(c); err != nil {
		return nil, err
	}
	return c, p.readKey(c, text, find)
}

// readChain adds the certificates of the chain's file, unless that of the
// certificate has a chain (OpenSSL: extra certificates are for those without).
func (p *Pair) readChain(c *tls.Certificate) error {
	name := p.Files[Chain]
	if name == "" || len(c.Certificate) > 1 || name == p.Files[Cert] {
		return nil
	}
	text, err := p.text(Chain)
	if err != nil {
		return err
	}
	list, err := Chained(text)
	if err != nil {
		return &Error{Chain, name, err}
	}
	c.Certificate = append(c.Certificate, list...)
	return nil
}

// readKey adds the key. text is that of the certificate's file.
func (p *Pair) readKey(c *tls.Certificate, text []byte, find Unlock) (err error) {
	if p.Files[Key] != p.Files[Cert] {
		if text, err = p.text(Key); err != nil {
			return err
		}
	}
	key, err := privateKey(text, p.Files[Key], find)
	if errors.Is(err, ErrSealed) {
		return nil
	}
	if err != nil {
		return &Error{Key, p.Files[Key], err}
	}
	public, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	if !ok || !public.Equal(c.Leaf.PublicKey) {
		return &Error{Key, p.Files[Key], errors.New("the key does not belong to the certificate of " + p.Files[Cert])}
	}
	c.PrivateKey = key
	return nil
}

var (
	errNoCert  = errors.New("there is no certificate in it (-----BEGIN CERTIFICATE-----)")
	errNoKey   = errors.New("there is no private key in it (-----BEGIN PRIVATE KEY-----)")
	errCut     = errors.New("its last part has no end: it is cut")
	errKeyKind = errors.New("the private key is of a kind that is not supported (RSA, ECDSA and Ed25519 are)")
)

// blocks calls each for the parts of a PEM text until it returns false.
func blocks(text []byte, each func(*pem.Block) bool) error {
	for {
		b, rest := pem.Decode(text)
		if b == nil {
			if bytes.Contains(rest, []byte("-----BEGIN ")) {
				return errCut
			}
			return nil
		}
		if !each(b) {
			return nil
		}
		text = rest
	}
}

// Chained returns the certificates of a PEM text, in DER; never none.
func Chained(text []byte) (list [][]byte, err error) {
	cut := blocks(text, func(b *pem.Block) bool {
		if b.Type != "CERTIFICATE" && b.Type != "X509 CERTIFICATE" {
			return true
		}
		_, err = x509.ParseCertificate(b.Bytes)
		list = append(list, b.Bytes)
		return err == nil
	})
	switch {
	case err != nil:
		return nil, err
	case cut != nil:
		return nil, cut
	case len(list) == 0:
		return nil, errNoCert
	}
	return list, nil
}

// PrivateKey returns the first private key of a PEM text. One that is encrypted is an
// error.
func PrivateKey(text []byte) (crypto.Signer, error) { return privateKey(text, "", nil) }

// privateKey returns the first private key of a PEM text; find is asked for the pass
// phrase of an encrypted one.
func privateKey(text []byte, file string, find Unlock) (key crypto.Signer, err error) {
	err = errNoKey
	cut := blocks(text, func(b *pem.Block) bool {
		if !strings.HasSuffix(b.Type, "PRIVATE KEY") {
			return true
		}
		key, err = parseKey(b, file, find)
		return false
	})
	if cut != nil {
		return nil, cut
	}
	return key, err
}

func parseKey(b *pem.Block, file string, find Unlock) (crypto.Signer, error) {
	var key any
	var err error
	switch {
	case encrypted(b):
		return unlock(b, file, find)
	case b.Type == "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(b.Bytes)
	case b.Type == "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(b.Bytes)
	default:
		key, err = x509.ParsePKCS8PrivateKey(b.Bytes)
	}
	if err != nil {
		return nil, err
	}
	return signer(key)
}

// signer returns a key as what handshakes sign with.
func signer(key any) (crypto.Signer, error) {
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, errKeyKind
	}
	return s, nil
}
