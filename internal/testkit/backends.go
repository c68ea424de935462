package testkit

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit/ports"
)

// UsesBackTLS reports whether a configuration has backends by TLS.
func UsesBackTLS(conf string) bool { return strings.Contains(conf, "SSLProxyEngine") }

// issued is a certificate with its key.
type issued struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// pem returns the certificate as a file.
func (i *issued) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw}))
}

// both returns the certificate and its key as one file.
func (i *issued) both() string {
	der, err := x509.MarshalPKCS8PrivateKey(i.key)
	if err != nil {
		panic(err)
	}
	return i.pem() + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

var serials int64

// issue makes a certificate; a nil issuer makes it self-signed.
func issue(cn string, by *issued, change func(*x509.Certificate)) *issued {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	serials++
	now := time.Now()
	t := &x509.Certificate{
		SerialNumber: big.NewInt(serials), Subject: pkix.Name{CommonName: cn}, NotBefore: now.Add(-48 * time.Hour), NotAfter: now.Add(48 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
	if change != nil {
		change(t)
	}
	out := &issued{key: key}
	parent, signer := t, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, parent, &key.PublicKey, signer)
	if err == nil {
		out.cert, err = x509.ParseCertificate(der)
	}
	if err != nil {
		panic(err)
	}
	return out
}

func authority(t *x509.Certificate) {
	t.IsCA, t.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
}

// forNames makes a certificate for names and addresses.
func forNames(names ...string) func(*x509.Certificate) {
	return func(t *x509.Certificate) {
		for _, n := range names {
			if ip := net.ParseIP(n); ip != nil {
				t.IPAddresses = append(t.IPAddresses, ip)
			} else {
				t.DNSNames = append(t.DNSNames, n)
			}
		}
	}
}

// dated is forNames with another time.
func dated(from, to time.Duration, names ...string) func(*x509.Certificate) {
	return func(t *x509.Certificate) {
		forNames(names...)(t)
		t.NotBefore, t.NotAfter = time.Now().Add(from), time.Now().Add(to)
	}
}

// pki is what backends with TLS show, made once for each test binary.
type pki struct {
	files  map[string]string
	fronts map[string]*tls.Config // by variable
	odd    map[string]manner      // of those that are not as others
}

const day = 24 * time.Hour

var backPKI = sync.OnceValue(func() *pki {
	ca, other := issue("back ca", nil, authority), issue("other ca", nil, authority)
	inter := issue("back intermediate", ca, authority)
	self := issue("localhost", nil, forNames("localhost"))
	gone := issue("localhost", ca, forNames("localhost"))
	client, stranger := issue("proxy", ca, nil), issue("stranger", other, nil)
	p := &pki{fronts: map[string]*tls.Config{}, odd: map[string]manner{"tcut": cutting, "tcut12": cutting, "tbytes": inBytes}}
	show := func(name string, i *issued, more ...*issued) *tls.Config {
		c := tls.Certificate{Certificate: [][]byte{i.cert.Raw}, PrivateKey: i.key}
		for _, m := range more {
			c.Certificate = append(c.Certificate, m.cert.Raw)
		}
		p.fronts[name] = &tls.Config{Certificates: []tls.Certificate{c}}
		return p.fronts[name]
	}
	good := issue("localhost", ca, forNames("localhost", "127.0.0.1"))
	show("tgood", good)
	show("texpired", issue("localhost", ca, dated(-2*day, -day, "localhost")))
	show("tfuture", issue("localhost", ca, dated(day, 2*day, "localhost")))
	show("twrong", issue("wrong.test", ca, forNames("wrong.test")))
	show("tself", self)
	show("tother", issue("localhost", other, forNames("localhost")))
	show("tcn", issue("localhost", ca, nil))
	show("tcnsan", issue("localhost", ca, forNames("wrong.test")))
	show("twild", issue("*.back.test", ca, forNames("*.back.test")))
	show("twildcn", issue("*.back.test", ca, nil))
	show("tip", issue("address", ca, forNames("127.0.0.1")))
	show("tdns", issue("name", ca, forNames("localhost")))
	show("tdeep", issue("localhost", inter, forNames("localhost")), inter)
	show("tnochain", issue("localhost", inter, forNames("localhost")))
	show("trevoked", gone)
	show("t12", good).MaxVersion = tls.VersionTLS12
	show("t13", good).MinVersion = tls.VersionTLS13
	show("tpurpose", issue("localhost", ca, func(t *x509.Certificate) {
		forNames("localhost")(t)
		t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}))
	asks := show("tclient", good)
	asks.ClientAuth, asks.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
	asks.ClientCAs.AddCert(ca.cert)
	show("tcut", good)
	show("tcut12", good).MaxVersion = tls.VersionTLS12
	show("tbytes", good)
	p.asking(good, ca, other, inter)
	p.files = map[string]string{
		"back/ca.crt": ca.pem(), "back/other.crt": other.pem(), "back/both.crt": other.pem() + ca.pem(), "back/inter.crt": inter.pem(),
		"back/self.crt": self.pem(), "back/leaf.crt": good.pem(), "back/" + "hashed/" + hashedName(ca.cert): ca.pem(),
		"back/crl.pem": revoke(ca, gone) + revoke(inter), "back/crl-ca.pem": revoke(ca, gone), "back/crl-other.pem": revoke(other),
		"back/crl-old.pem": revokeUntil(ca, -time.Hour), "back/hashed/" + strings.TrimSuffix(hashedName(ca.cert), "0") + "r0": revoke(ca, gone),
		"back/client.pem": client.both(), "back/stranger.pem": stranger.both(), "back/two.pem": stranger.both() + client.both(), "back/clients/one.pem": client.both(),
	}
	p.ownFiles(ca, other, inter, client, stranger)
	p.revokedFiles(ca, other, inter, gone)
	return p
})

// asking makes servers that ask for a certificate of the client, and differ in the CAs that
// they name as its issuers and in what they accept.
func (p *pki) asking(good, ca, other, inter *issued) {
	for name, s := range map[string]struct {
		auth  tls.ClientAuthType
		names []*issued
	}{
		"tany":       {tls.RequireAnyClientCert, nil},
		"tmay":       {tls.RequestClientCert, []*issued{ca}},
		"tlistother": {tls.RequireAnyClientCert, []*issued{other}},
		"tlistboth":  {tls.RequireAnyClientCert, []*issued{other, ca}},
		"tlistback":  {tls.RequireAnyClientCert, []*issued{ca, other}},
		"tlistinter": {tls.RequireAnyClientCert, []*issued{inter}},
		"tlistnone":  {tls.RequestClientCert, []*issued{issue("unknown ca", nil, authority)}},
		"tverify":    {tls.RequireAndVerifyClientCert, []*issued{ca}},
	} {
		c := &tls.Config{ClientAuth: s.auth, Certificates: []tls.Certificate{{Certificate: [][]byte{good.cert.Raw}, PrivateKey: good.key}}}
		for _, n := range s.names {
			if c.ClientCAs == nil {
				c.ClientCAs = x509.NewCertPool()
			}
			c.ClientCAs.AddCert(n.cert)
		}
		p.fronts[name] = c
		if name == "tany" || name == "tverify" || name == "tlistboth" {
			old := c.Clone()
			old.MaxVersion = tls.VersionTLS12
			p.fronts[name+"12"] = old
		}
	}
}

// ownFiles makes files for SSLProxyMachineCertificateFile, Path and ChainFile.
func (p *pki) ownFiles(ca, other, inter, client, stranger *issued) {
	deep := issue("deep", inter, nil)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	strong := signed("strong", ca, key)
	sec1, err := x509.MarshalECPrivateKey(client.key)
	if err != nil {
		panic(err)
	}
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	p.add(map[string]string{
		"deep.pem": deep.both(), "deepchain.pem": deep.both() + inter.pem(), "deepfull.pem": deep.both() + inter.pem() + ca.pem(),
		"chain.crt": inter.pem() + ca.pem(), "clientca.pem": client.both() + ca.pem(),
		"rsa.pem":       block("CERTIFICATE", strong) + block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)),
		"keyfirst.pem":  block("EC PRIVATE KEY", sec1) + client.pem(),
		"encrypted.pem": client.pem() + "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
		"mismatch.pem":  strings.Replace(client.both(), client.pem(), stranger.pem(), 1),
		"many/a.pem":    client.both(), "many/b.pem": stranger.both(), "many/c.txt": "no certificate", "many/d.crt": inter.pem(),
	})
}

// revokedFiles makes lists of revoked certificates with all that may be wrong with one.
func (p *pki) revokedFiles(ca, other, inter, gone *issued) {
	forged := &issued{cert: ca.cert, key: other.key}
	p.add(map[string]string{
		"crl-inter.pem": revoke(ca, inter) + revoke(inter), "crl-forged.pem": revoke(forged), "crl-leaf.pem": revoke(inter) + revoke(ca),
		"crl-oldnew.pem": revokeUntil(ca, -time.Hour) + revoke(ca, gone), "crl-intonly.pem": revoke(inter),
	})
}

func (p *pki) add(files map[string]string) {
	for name, text := range files {
		p.files["back/"+name] = text
	}
}

// signed makes a certificate for a key of any kind.
func signed(cn string, by *issued, key crypto.Signer) []byte {
	serials++
	t := &x509.Certificate{
		SerialNumber: big.NewInt(serials), Subject: pkix.Name{CommonName: cn}, NotBefore: time.Now().Add(-2 * day), NotAfter: time.Now().Add(2 * day),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, t, by.cert, key.Public(), by.key)
	if err != nil {
		panic(err)
	}
	return der
}

func revoke(by *issued, list ...*issued) string { return revokeUntil(by, day, list...) }

// revokeUntil makes a list of revoked certificates.
func revokeUntil(by *issued, until time.Duration, list ...*issued) string {
	t := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-day), NextUpdate: time.Now().Add(until)}
	for _, i := range list {
		t.RevokedCertificateEntries = append(t.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: i.cert.SerialNumber, RevocationTime: time.Now().Add(-time.Hour)})
	}
	der, err := x509.CreateRevocationList(rand.Reader, t, by.cert, by.key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}))
}

// hashedName is the name under which OpenSSL looks for a CA in a folder. The
// subject must be one CN in lower case.
func hashedName(c *x509.Certificate) string {
	type attribute struct {
		Type  asn1.ObjectIdentifier
		Value string `asn1:"utf8"`
	}
	der, err := asn1.MarshalWithParams([]attribute{{asn1.ObjectIdentifier{2, 5, 4, 3}, c.Subject.CommonName}}, "set")
	if err != nil {
		panic(err)
	}
	sum := sha1.Sum(der)
	return fmt.Sprintf("%08x.0", binary.LittleEndian.Uint32(sum[:4]))
}

// BackFiles returns the files that configurations of backends with TLS name, in
// the folder back.
func BackFiles() map[string]string { return backPKI().files }

// StartBackTLS starts, for each kind of certificate, a port with TLS in front of
// the origin at addr; it returns the ports by name. The first request of each
// connection gets a field X-TLS: the name that was sent, and the client's
// certificate.
func StartBackTLS(t testing.TB, addr string) map[string]string {
	t.Helper()
	vars := map[string]string{}
	for name, cfg := range backPKI().fronts {
		ln, p, err := ports.Listen()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Release)
		t.Cleanup(func() { _ = ln.Close() })
		_, vars[name], _ = net.SplitHostPort(ln.Addr().String())
		go serveTLS(ln, cfg, addr, backPKI().odd[name])
	}
	return vars
}

// manner is how a server with TLS ends and sends.
type manner uint8

const (
	cutting manner = iota + 1 // it closes the connection without a close_notify
	inBytes                   // each byte is a record
)

func serveTLS(ln net.Listener, cfg *tls.Config, addr string, how manner) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			s := tls.Server(c, cfg)
			_ = c.SetDeadline(time.Now().Add(time.Minute))
			if s.Handshake() != nil {
				return
			}
			join(s, addr, how)
		}()
	}
}

// oneByOne writes each byte by itself.
type oneByOne struct{ *tls.Conn }

// Write implements io.Writer.
func (o oneByOne) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := o.Conn.Write(p[i : i+1]); err != nil {
			return i, err
		}
	}
	return len(p), nil
}

// join copies between a connection with TLS and a new one to addr.
func join(s *tls.Conn, addr string, how manner) {
	o, err := net.Dial("tcp", addr)
	if err != nil {
		return
	}
	defer o.Close()
	go func() {
		defer o.Close()
		if how == inBytes {
			_, _ = io.Copy(oneByOne{s}, o)
		} else {
			_, _ = io.Copy(s, o)
		}
		if how == cutting {
			_ = s.NetConn().Close()
		}
		_ = s.Close()
	}()
	st := s.ConnectionState()
	who := "none"
	if len(st.PeerCertificates) > 0 {
		who = st.PeerCertificates[0].Subject.CommonName
		for _, c := range st.PeerCertificates[1:] {
			who += "<" + c.Subject.CommonName
		}
	}
	mark := fmt.Sprintf("\r\nX-TLS: sni=%s client=%s %s\r\n", st.ServerName, who, tls.VersionName(st.Version))
	b := make([]byte, 16<<10)
	n, err := s.Read(b)
	if err != nil {
		return
	}
	if _, err := o.Write(bytes.Replace(b[:n], []byte("\r\n"), []byte(mark), 1)); err != nil {
		return
	}
	_, _ = io.Copy(o, s)
}
