package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/certfile"
	"github.com/headgate/headgate/internal/certvar"
)

// certReport is what the command cert says of some files.
type certReport struct {
	OK    bool        `json:"ok"`
	Files []*pemFile  `json:"files"`
	Wrong []certWrong `json:"problems"`
}

// certWrong is something that is wrong.
type certWrong struct {
	File string `json:"file"`
	Text string `json:"text"`
}

// pemFile is what one file holds.
type pemFile struct {
	File  string      `json:"file"`
	Certs []certFacts `json:"certificates,omitempty"`
	Key   string      `json:"private_key,omitempty"` // its kind
	Fits  string      `json:"belongs_to,omitempty"`  // the file whose certificate has the key
	Chain string      `json:"chain,omitempty"`       // in words

	certs []*x509.Certificate
	key   crypto.Signer
}

// certFacts describe a certificate.
type certFacts struct {
	Subject   string    `json:"subject"`
	Names     []string  `json:"names,omitempty"`
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Issuer    string    `json:"issuer"`
	Self      bool      `json:"self_signed"`
	CA        bool      `json:"ca"`
	Key       string    `json:"key"`
	SHA256    string    `json:"sha256"`
}

// judgeCerts reads files of certificates and keys and checks how they fit.
func judgeCerts(names []string, now time.Time) *certReport {
	r := &certReport{Wrong: []certWrong{}}
	for _, name := range names {
		r.Files = append(r.Files, r.read(name))
	}
	for _, f := range r.Files {
		for _, c := range f.certs {
			r.checkTime(f, c, now)
		}
		if f.isSite() {
			r.checkSite(f)
		}
		if f.key != nil {
			r.checkKey(f)
		}
	}
	for _, f := range r.Files {
		r.checkUse(f)
	}
	r.OK = len(r.Wrong) == 0
	return r
}

func (r *certReport) wrong(f *pemFile, format string, args ...any) {
	r.Wrong = append(r.Wrong, certWrong{f.File, fmt.Sprintf(format, args...)})
}

// mostPEM limits what is read of a file, in bytes.
const mostPEM = 4 << 20

// read reads a file.
func (r *certReport) read(name string) *pemFile {
	f := &pemFile{File: name}
	text, err := readSome(name)
	if err != nil {
		r.wrong(f, "%v", err)
		return f
	}
	hasCert := bytes.Contains(text, []byte("CERTIFICATE-----"))
	hasKey := bytes.Contains(text, []byte("PRIVATE KEY-----"))
	if !hasCert && !hasKey {
		r.wrong(f, "there is neither a certificate nor a private key in it (in PEM: -----BEGIN CERTIFICATE-----)")
		return f
	}
	if hasCert {
		f.readCerts(r, text)
	}
	if hasKey {
		if f.key, err = certfile.PrivateKey(text); err != nil {
			r.wrong(f, "%v", err)
			return f
		}
		f.Key = keyKind(f.key.Public())
	}
	return f
}

func (f *pemFile) readCerts(r *certReport, text []byte) {
	list, err := certfile.Chained(text)
	if err != nil {
		r.wrong(f, "%v", err)
		return
	}
	for _, der := range list {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			r.wrong(f, "%v", err)
			return
		}
		sum := sha256.Sum256(c.Raw)
		f.certs = append(f.certs, c)
		f.Certs = append(f.Certs, certFacts{
			Subject: distinguished(c, "S_DN"), Names: certNames(c), NotBefore: c.NotBefore.UTC(), NotAfter: c.NotAfter.UTC(),
			Issuer: distinguished(c, "I_DN"), Self: selfSigned(c), CA: c.IsCA, Key: keyKind(c.PublicKey), SHA256: hex.EncodeToString(sum[:]),
		})
	}
}

func readSome(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, mostPEM))
}

// distinguished returns a certificate's name, as mod_ssl prints it.
func distinguished(c *x509.Certificate, which string) string {
	return string(certvar.Append(nil, c, which))
}

// certNames returns the names that a certificate is for.
func certNames(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	names = append(names, c.EmailAddresses...)
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	return names
}

func keyKind(k any) string {
	switch k := k.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA, %d bits", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA, " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return "of an unknown kind"
}

func selfSigned(c *x509.Certificate) bool {
	return bytes.Equal(c.RawSubject, c.RawIssuer) && c.CheckSignature(c.SignatureAlgorithm, c.RawTBSCertificate, c.Signature) == nil
}

// isSite reports whether a file's first certificate is a server's or client's, and not
// an authority's.
func (f *pemFile) isSite() bool {
	return len(f.certs) > 0 && (!f.certs[0].IsCA || len(certNames(f.certs[0])) > 0)
}

func (r *certReport) checkTime(f *pemFile, c *x509.Certificate, now time.Time) {
	switch {
	case now.After(c.NotAfter):
		r.wrong(f, "the certificate of %s has expired on %s", distinguished(c, "S_DN"), day(c.NotAfter))
	case now.Before(c.NotBefore):
		r.wrong(f, "the certificate of %s is not valid before %s", distinguished(c, "S_DN"), day(c.NotBefore))
	}
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// checkSite follows the chain of a certificate. It is in the same file, else in another.
func (r *certReport) checkSite(f *pemFile) {
	leaf := f.certs[0]
	if len(certNames(leaf)) == 0 {
		r.wrong(f, "the certificate is for no name: clients look at subjectAltName only")
	}
	chain := f.certs
	if len(chain) == 1 && !selfSigned(leaf) {
		for _, o := range r.Files {
			if o != f && len(o.certs) > 0 && !o.isSite() && signed(leaf, o.certs[0]) {
				chain = append(chain[:1:1], o.certs...)
				break
			}
		}
	}
	for i, c := range chain[1:] {
		if before := chain[i]; !signed(before, c) {
			r.wrong(f, "the chain is broken: %s was issued by %s, and the next certificate is that of %s",
				distinguished(before, "S_DN"), distinguished(before, "I_DN"), distinguished(c, "S_DN"))
			return
		}
	}
	last := chain[len(chain)-1]
	switch {
	case selfSigned(leaf):
		f.Chain = "signed by itself: only clients that are told so trust it"
	case len(chain) == 1:
		f.Chain = "none: clients have to know " + distinguished(leaf, "I_DN") + " (fullchain.pem, or SSLCertificateChainFile, has it)"
	case selfSigned(last):
		f.Chain = fmt.Sprintf("fits, %d certificates, up to %s itself", len(chain), distinguished(last, "S_DN"))
	default:
		f.Chain = fmt.Sprintf("fits, %d certificates; clients have to know %s", len(chain), distinguished(last, "I_DN"))
	}
}

func signed(c, by *x509.Certificate) bool {
	return bytes.Equal(c.RawIssuer, by.RawSubject) && c.CheckSignatureFrom(by) == nil
}

// checkKey looks for the certificate of a key: in its file, else in the others.
func (r *certReport) checkKey(f *pemFile) {
	public, ok := f.key.Public().(interface{ Equal(crypto.PublicKey) bool })
	some := ""
	for _, o := range append([]*pemFile{f}, r.Files...) {
		if len(o.certs) == 0 {
			continue
		}
		if ok && public.Equal(o.certs[0].PublicKey) {
			f.Fits = o.File
			return
		}
		if some == "" {
			some = o.File
		}
	}
	if some != "" {
		r.wrong(f, "the key does not belong to the certificate of %s", some)
	}
}

// checkUse reports authorities' certificates that have issued none of the others.
func (r *certReport) checkUse(f *pemFile) {
	if len(f.certs) == 0 || f.isSite() {
		return
	}
	var sites []string
	for _, o := range r.Files {
		if !o.isSite() {
			continue
		}
		if signed(o.certs[len(o.certs)-1], f.certs[0]) || signed(o.certs[0], f.certs[0]) {
			return
		}
		sites = append(sites, o.File)
	}
	if len(sites) > 0 {
		r.wrong(f, "%s has not issued the certificate of %s", distinguished(f.certs[0], "S_DN"), strings.Join(sites, ", "))
	}
}
