package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// onTheSpot is a certificate that the commands proxy and demo make for themselves.
type onTheSpot struct {
	dir       string // cert.pem and key.pem are in it
	names     []string
	sha256    string
	cert, key string // files
}

// spotLife is how long it is valid: longer than somebody tries something out.
const spotLife = 30 * 24 * time.Hour

// selfSign makes a certificate for a command: for this machine, and for host if it is not empty.
func selfSign(command, host string) (*onTheSpot, error) {
	s := &onTheSpot{names: []string{"localhost", "127.0.0.1", "::1"}}
	if name, err := os.Hostname(); err == nil {
		s.names = append(s.names, name)
	}
	if host != "" && !slices.Contains(s.names, host) {
		s.names = append(s.names, host)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	form := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "localhost", Organization: []string{"headgate " + command}},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(spotLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	for _, n := range s.names {
		if ip := net.ParseIP(n); ip != nil {
			form.IPAddresses = append(form.IPAddresses, ip)
		} else {
			form.DNSNames = append(form.DNSNames, n)
		}
	}
	cert, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(cert)
	s.sha256 = hex.EncodeToString(sum[:])
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return s, s.write(command, cert, private)
}

// write writes both files to a folder that only this user may enter.
func (s *onTheSpot) write(command string, cert, private []byte) (err error) {
	if s.dir, err = os.MkdirTemp("", "headgate-"+command+"-"); err != nil {
		return err
	}
	s.cert, s.key = filepath.Join(s.dir, "cert.pem"), filepath.Join(s.dir, "key.pem")
	err = errors.Join(
		os.WriteFile(s.cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600),
		os.WriteFile(s.key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
	)
	if err == nil && strings.ContainsAny(s.dir, "\"\\$\n") {
		err = errors.New("the folder for temporary files has a name that a configuration cannot hold: " + s.dir)
	}
	if err != nil {
		s.remove()
	}
	return err
}

// say says what clients make of it.
func (s *onTheSpot) say() string {
	return fmt.Sprintf("the certificate was made just now for %s and signed by itself, so clients do not trust it (curl -k);"+
		" it ends with this run. SHA-256 %s", strings.Join(s.names, ", "), s.sha256)
}

func (s *onTheSpot) remove() { _ = os.RemoveAll(s.dir) }

// conf is the configuration's part for it.
func (s *onTheSpot) conf() string {
	return "SSLEngine on\nSSLCertificateFile \"" + s.cert + "\"\nSSLCertificateKeyFile \"" + s.key + "\"\nRequestHeader set X-Forwarded-Proto https\n"
}
