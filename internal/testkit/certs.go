package testkit

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"embed"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/youmark/pkcs8"
)

// certs are certificates for tests, valid for a hundred years, with their keys: a.crt (RSA) and
// a-ec.crt (ECDSA) for a.test, b.crt for b.test, www.crt (ECDSA) for www.test.
//
//go:embed certs
var certs embed.FS

// CertFiles returns the certificates and keys as files of a Site, in the folder certs.
func CertFiles() map[string]string {
	files := map[string]string{}
	list, err := certs.ReadDir("certs")
	if err != nil {
		panic(err)
	}
	for _, f := range list {
		text, err := certs.ReadFile("certs/" + f.Name())
		if err != nil {
			panic(err)
		}
		files["certs/"+f.Name()] = string(text)
	}
	return files
}

// usesTLS reports whether a configuration has sites with TLS.
func usesTLS(conf string) bool { return strings.Contains(conf, "SSLEngine") }

// StartTLS makes the client's connection one with TLS. It checks no certificate unless cfg does.
func (c *Client) StartTLS(cfg *tls.Config) error {
	t := tls.Client(c.c, cfg)
	if err := t.Handshake(); err != nil {
		return err
	}
	c.tls, c.c, c.w = t, t, newWireReader(t)
	return nil
}

// TLS returns the state of the connection; nil for a plain one.
func (c *Client) TLS() *tls.ConnectionState {
	if c.tls == nil {
		return nil
	}
	st := c.tls.ConnectionState()
	return &st
}

// Lock encrypts a private key, PKCS#8 in PEM, with a pass phrase.
func Lock(t testing.TB, key, phrase string) string {
	t.Helper()
	b, _ := pem.Decode([]byte(key))
	if b == nil {
		t.Fatal("no key to encrypt")
	}
	private, err := x509.ParsePKCS8PrivateKey(b.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	der, err := pkcs8.MarshalPrivateKey(private, []byte(phrase), &pkcs8.Opts{
		Cipher: pkcs8.AES256CBC, KDFOpts: pkcs8.PBKDF2Opts{SaltSize: 8, IterationCount: 1, HMACHash: crypto.SHA256},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der}))
}
