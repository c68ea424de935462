package testkit

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// UsesOCSP reports whether a configuration has to do with OCSP responders.
func UsesOCSP(conf string) bool {
	return strings.Contains(conf, "SSLUseStapling") || strings.Contains(conf, "SSLOCSPEnable")
}

// Responder is an OCSP responder. The path of a request chooses what it does: see responses.
type Responder struct {
	Port  string
	Files map[string]string // staple/NAME.full and staple/NAME.key for each of its paths

	ca, other, delegate, stranger, late *issued
	count                               atomic.Int64
	done                                chan struct{}
}

// responses are the paths. Each has its own certificate, so that caches by
// certificate keep them apart.
var responses = []string{
	"good", "delegated", "nonext", "old", "revoked", "unknown", "trylater", "unauthorized", "internal", "garbage", "empty", "big", "hang",
	"status", "redirect", "expired", "future", "foreign", "noeku", "lateresponder", "otherserial", "drip", "aia", "must", "alone",
}

// StartResponder starts a responder that ends with the test.
func StartResponder(t testing.TB) *Responder {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	r := &Responder{Port: port, Files: map[string]string{}, done: make(chan struct{})}
	r.ca, r.other = issue("staple ca", nil, authority), issue("staple ca", nil, authority)
	signs := func(to time.Duration, uses ...x509.ExtKeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtKeyUsage, c.NotAfter = uses, time.Now().Add(to) }
	}
	r.delegate = issue("responder", r.ca, signs(day, x509.ExtKeyUsageOCSPSigning))
	r.stranger = issue("no responder", r.ca, signs(day, x509.ExtKeyUsageServerAuth))
	r.late = issue("late responder", r.ca, signs(-time.Hour, x509.ExtKeyUsageOCSPSigning))
	for _, name := range responses {
		c := issue(name+".test", r.ca, func(c *x509.Certificate) {
			forNames(name + ".test")(c)
			switch name {
			case "aia":
				c.OCSPServer = []string{"http://127.0.0.1:" + port + "/good", "http://127.0.0.1:" + port + "/garbage"}
			case "must":
				c.ExtraExtensions = append(c.ExtraExtensions, mustStaple())
			}
		})
		r.Files["staple/"+name+".full"] = c.pem() + r.ca.pem()
		if name == "alone" {
			r.Files["staple/"+name+".full"] = c.pem()
		}
		r.Files["staple/"+name+".key"] = c.both()
	}
	maps.Copy(r.Files, strangeResponder())
	s := &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.Serve(ln) }()
	t.Cleanup(func() {
		close(r.done)
		_ = s.Close()
	})
	return r
}

// Requests returns how many requests arrived.
func (r *Responder) Requests() int { return int(r.count.Load()) }

// ServeHTTP implements http.Handler.
func (r *Responder) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	defer r.count.Add(1)
	text, err := io.ReadAll(io.LimitReader(q.Body, 1<<16))
	if err != nil {
		return
	}
	ask, err := ocsp.ParseRequest(text)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/ocsp-response")
	name := strings.Trim(q.URL.Path, "/")
	switch name {
	case "hang":
		select {
		case <-r.done:
		case <-q.Context().Done():
		}
	case "drip":
		for range 1000 {
			_, _ = w.Write([]byte{0x30})
			_ = http.NewResponseController(w).Flush()
			select {
			case <-r.done:
				return
			case <-q.Context().Done():
				return
			case <-time.After(200 * time.Millisecond):
			}
		}
	case "status":
		http.Error(w, "broken", http.StatusInternalServerError)
	case "redirect":
		http.Redirect(w, q, "/good", http.StatusFound)
	default:
		_, _ = w.Write(r.answer(name, text, ask))
	}
}

// Respond returns the body of a response.
func (r *Responder) Respond(name string, serial *big.Int) []byte {
	return r.respond(&signers{r.ca, r.other, r.delegate, r.stranger, r.late, nil}, name, serial)
}

// signers sign responses: a CA, and who signs in its place.
type signers struct{ ca, other, delegate, stranger, late, shown *issued }

// respond returns the body of a response that signers sign.
func (r *Responder) respond(of *signers, name string, serial *big.Int) []byte {
	switch name {
	case "trylater":
		return ocsp.TryLaterErrorResponse
	case "unauthorized":
		return ocsp.UnauthorizedErrorResponse
	case "internal":
		return ocsp.InternalErrorErrorResponse
	case "garbage":
		return []byte("<html>no responder here</html>")
	case "empty":
		return nil
	case "big":
		return make([]byte, 10<<20)
	}
	now := time.Now().Truncate(time.Minute)
	form := ocsp.Response{Status: ocsp.Good, SerialNumber: serial, ThisUpdate: now.Add(-time.Hour), NextUpdate: now.Add(24 * time.Hour), IssuerHash: crypto.SHA1}
	issuer, by := of.ca, of.ca
	switch name {
	case "nonext":
		form.NextUpdate = time.Time{}
	case "old":
		form.ThisUpdate = now.Add(-3 * day)
	case "revoked":
		form.Status, form.RevokedAt, form.RevocationReason = ocsp.Revoked, now.Add(-time.Hour), ocsp.KeyCompromise
	case "unknown":
		form.Status = ocsp.Unknown
	case "expired":
		form.ThisUpdate, form.NextUpdate = now.Add(-2*day), now.Add(-day)
	case "future":
		form.ThisUpdate, form.NextUpdate = now.Add(day), now.Add(2*day)
	case "otherserial":
		form.SerialNumber = new(big.Int).Add(serial, big.NewInt(1000))
	case "foreign":
		issuer, by = of.other, of.other
	case "delegated":
		by = of.delegate
	case "noeku":
		by = of.stranger
	case "lateresponder":
		by = of.late
	}
	if by != issuer || of.shown != nil && name != "bare" {
		form.Certificate = by.cert
	}
	der, err := ocsp.CreateResponse(issuer.cert, by.cert, form, by.key)
	if err != nil {
		panic(err)
	}
	return der
}

// Stapled describes the OCSP response that came with a certificate.
func Stapled(der []byte) string {
	if len(der) == 0 {
		return "none"
	}
	r, err := ocsp.ParseResponse(der, nil)
	if e, ok := err.(ocsp.ResponseError); ok { //nolint:errorlint // the library returns it itself
		return "error " + e.Status.String()
	}
	if err != nil {
		return "unreadable"
	}
	return map[int]string{ocsp.Good: "good", ocsp.Revoked: "revoked", ocsp.Unknown: "unknown"}[r.Status]
}

// mustStaple is the extension by which clients insist on a response (RFC 7633).
func mustStaple() pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 24}, Value: []byte{0x30, 0x03, 0x02, 0x01, 0x05}}
}
