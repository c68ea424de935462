package conf

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// Kind is the kind of a server's certificate; "": the server has none and does without TLS.
type Kind string

// The kinds: ECDSA with P-256, RSA with 2048 bits.
const (
	ECDSA Kind = "ecdsa"
	RSA   Kind = "rsa"
)

// Scheme returns the scheme of URLs of a server with such a certificate.
func (k Kind) Scheme() string {
	if k == "" {
		return "http"
	}
	return "https"
}

// Write makes a certificate for bench.test and writes it into dir, as cert.pem and key.pem, and as both.pem, the one
// file that HAProxy reads. Servers that give up root must be able to read them.
func (k Kind) Write(dir string) error {
	if k == "" {
		return nil
	}
	var key crypto.Signer
	var err error
	if k == RSA {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), DNSNames: []string{"bench.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("make a key: %w", err)
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	for name, text := range map[string][]byte{"cert.pem": cert, "key.pem": secret, "both.pem": append(cert, secret...)} {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), text, 0o644)) //nolint:gosec // a key for a benchmark
	}
	return err
}
