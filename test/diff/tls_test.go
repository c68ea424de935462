package diff

import (
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// shake makes the connection of a case one with TLS if the case says so, and prints what was agreed on. The words of
// the flag tls=... are a server name ("-": none is sent), versions as 1.2, and what a client lacks or wants.
func (c *diffCase) shake(cl *testkit.Client, b *strings.Builder) bool {
	if c.tls == nil {
		return true
	}
	err := cl.StartTLS(clientConfig(c.tls))
	var alert tls.AlertError
	switch {
	case errors.As(err, &alert):
		fmt.Fprintf(b, "tls: alert: %v\n", alert)
		return false
	case err != nil:
		b.WriteString("tls: no handshake\n")
		return false
	}
	st := cl.TLS()
	fmt.Fprintf(b, "tls: %s, certificate of %s (%v)", tls.VersionName(st.Version), st.PeerCertificates[0].Subject.CommonName, st.PeerCertificates[0].PublicKeyAlgorithm)
	if st.Version < tls.VersionTLS13 {
		fmt.Fprintf(b, ", %s", tls.CipherSuiteName(st.CipherSuite))
	}
	if len(st.PeerCertificates) > 1 {
		fmt.Fprintf(b, ", chain of %d", len(st.PeerCertificates))
	}
	if st.NegotiatedProtocol != "" {
		fmt.Fprintf(b, ", %s", st.NegotiatedProtocol)
	}
	if slices.Contains(c.tls, stapleWord) {
		fmt.Fprintf(b, ", OCSP %s", testkit.Stapled(st.OCSPResponse))
	}
	b.WriteString("\n")
	return true
}

// stapleWord has a case wait until an OCSP response goes with the certificate, but not for long, and print it.
const stapleWord = "staple"

// waitStaple waits for the response. httpd requests it during the first handshake, Headgate before.
func (st *stage) waitStaple(c *diffCase) {
	if !slices.Contains(c.tls, stapleWord) {
		return
	}
	testkit.Poll(1200*time.Millisecond, func() bool {
		cl := testkit.Dial(st.t, "127.0.0.1:"+st.vars[c.at])
		defer cl.Close()
		return cl.StartTLS(clientConfig(c.tls)) == nil && len(cl.TLS().OCSPResponse) > 0
	})
}

var tlsVersions = map[string]uint16{"1.0": tls.VersionTLS10, "1.1": tls.VersionTLS11, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

var tlsGroups = map[string]tls.CurveID{"P-256": tls.CurveP256, "P-384": tls.CurveP384, "P-521": tls.CurveP521, "X25519": tls.X25519}

// clientConfig makes a client of the words of the flag tls.
func clientConfig(words []string) *tls.Config {
	cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		switch v, isVersion := tlsVersions[w]; {
		case isVersion:
			cfg.MinVersion, cfg.MaxVersion = v, v
		case w == "-", w == stapleWord:
		case name == "cert":
			// Once is enough for httpd, which asks again where a section wants a certificate.
			cfg.Renegotiation = tls.RenegotiateFreelyAsClient
			cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				c, _ := testkit.ClientCert(value)
				return &c, nil
			}
		case name == "alpn":
			cfg.NextProtos = strings.Split(value, "+")
		case name == "group":
			for _, g := range strings.Split(value, "+") {
				cfg.CurvePreferences = append(cfg.CurvePreferences, tlsGroups[g])
			}
		case name == "suite":
			cfg.MaxVersion = tls.VersionTLS12
			for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
				if s.Name == value {
					cfg.CipherSuites = append(cfg.CipherSuites, s.ID)
				}
			}
		default:
			cfg.ServerName = w
		}
	}
	return cfg
}
