package recipes

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// pair is a certificate with its key that a configuration names.
type pair struct {
	cert, key string   // files, below the ServerRoot
	names     []string // of the virtual host
}

var (
	certLine = regexp.MustCompile(`(?m)^\s*(SSLCertificateFile|SSLCertificateKeyFile|ServerName|ServerAlias|</VirtualHost>|<VirtualHost)\b\s*(.*)$`)
	folder   = "/etc/headgate/"
)

// pairs finds the certificates of a configuration.
func pairs(conf string) (list []*pair) {
	var names []string
	var here []*pair
	end := func() {
		for _, p := range here {
			p.names = slices.Concat(p.names, names)
			if i := slices.IndexFunc(list, func(q *pair) bool { return q.cert == p.cert }); i >= 0 {
				list[i].names = append(list[i].names, p.names...)
				continue
			}
			list = append(list, p)
		}
		names, here = nil, nil
	}
	for _, m := range certLine.FindAllStringSubmatch(conf, -1) {
		words, _ := testkit.Words(m[2]) // none after a section's name
		switch m[1] {
		case "ServerName", "ServerAlias":
			names = append(names, words...)
		case "SSLCertificateFile":
			here = append(here, &pair{cert: strings.TrimPrefix(words[0], folder)})
		case "SSLCertificateKeyFile":
			here[len(here)-1].key = strings.TrimPrefix(words[0], folder)
		case "<VirtualHost", "</VirtualHost>":
			end()
		}
	}
	end()
	return list
}

// issue makes a certificate that its own key has signed, and writes both files. It is one with RSA if the name of its
// file says so.
func (p *pair) issue(dir string) error {
	var key crypto.Signer
	var err error
	if strings.Contains(p.cert, "rsa") {
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		return err
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: p.names[0]}, DNSNames: p.names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	write := func(name, kind string, der []byte) error {
		path := filepath.Join(dir, name)
		text := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
		return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, text, 0o600))
	}
	return errors.Join(write(p.key, "PRIVATE KEY", private), write(p.cert, "CERTIFICATE", cert))
}

// renew issues all certificates again and waits until the server shows the new one of the first.
func (p *player) renew(a *act) error {
	for _, c := range p.pairs {
		if err := c.issue(p.server.Dir); err != nil {
			return err
		}
	}
	port, first := p.listens["443"], p.pairs[0]
	text, err := os.ReadFile(filepath.Join(p.server.Dir, first.cert))
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	served := testkit.Poll(testkit.Patience, func() bool {
		cl := testkit.Dial(p.t, "127.0.0.1:"+port)
		defer cl.Close()
		return cl.StartTLS(&tls.Config{InsecureSkipVerify: true, ServerName: first.names[0]}) == nil && //nolint:gosec // compared next
			string(cl.TLS().PeerCertificates[0].Raw) == string(block.Bytes)
	})
	if !served {
		return fmt.Errorf("the new certificate is not served (line %d)", a.line)
	}
	return nil
}

// handshake makes the client's connection one with TLS. A -k leaves out the check of the certificate's name.
func (r *request) handshake(cl *testkit.Client) error {
	cfg := &tls.Config{InsecureSkipVerify: true, ServerName: r.host, MinVersion: r.least, MaxVersion: r.most} //nolint:gosec // checked next
	if r.rsa {
		cfg.MaxVersion = tls.VersionTLS12
		cfg.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
	}
	if own, ok := testkit.ClientCert(strings.TrimSuffix(r.cert, ".pem")); ok {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }
	}
	if err := cl.StartTLS(cfg); err != nil {
		return fmt.Errorf("curl: (35) %w", err)
	}
	if r.unchecked {
		return nil
	}
	if err := cl.TLS().PeerCertificates[0].VerifyHostname(r.host); err != nil {
		return fmt.Errorf("curl: (60) %w", err)
	}
	return nil
}

// shown describes the handshake as the fields that "# TLS" lines compare.
func shown(st *tls.ConnectionState) *message {
	m := &message{first: tls.VersionName(st.Version)}
	leaf := st.PeerCertificates[0]
	m.fields = []testkit.Field{
		{Name: "Certificate", Value: strings.Join(leaf.DNSNames, " ")},
		{Name: "Key", Value: leaf.PublicKeyAlgorithm.String()},
	}
	return m
}

func TestPairs(t *testing.T) {
	list := pairs("<VirtualHost *:443>\nServerName a.test\nServerAlias www.a.test *.x.test\nSSLCertificateFile \"/etc/headgate/a.pem\"\n" +
		"SSLCertificateKeyFile a.key\nSSLCertificateFile rsa.pem\nSSLCertificateKeyFile rsa.key\n</VirtualHost>\n" +
		"<VirtualHost *:443>\nServerName b.test\nSSLCertificateFile a.pem\nSSLCertificateKeyFile a.key\n</VirtualHost>\n")
	got := ""
	for _, p := range list {
		got += fmt.Sprintln(*p)
	}
	if want := "{a.pem a.key [a.test www.a.test *.x.test b.test]}\n{rsa.pem rsa.key [a.test www.a.test *.x.test]}\n"; got != want {
		t.Errorf("%s", got)
	}
}
