package ssl

import (
	"fmt"

	"github.com/headgate/headgate/internal/certvar"
	"github.com/headgate/headgate/internal/exchange"
)

// environment sets the variables of an encrypted request (httpd: ssl_hook_Fixup).
type environment struct {
	all   bool // SSLOptions StdEnvVars
	certs bool // SSLOptions ExportCertData
}

var (
	on       = []byte("on")
	sniField = "SSL_TLS_SNI"
)

// Do implements exchange.Step.
func (e environment) Do(x *exchange.Exchange) error {
	c := x.Client
	if c == nil || !c.TLS {
		return nil
	}
	x.Env.Set("HTTPS", on)
	if c.Secure == nil {
		return nil
	}
	if n := c.Secure.ServerName(); n != "" {
		x.Env.Set(sniField, x.Arena.String(n))
	}
	if e.all {
		standard(x, c.Secure)
	}
	if e.certs {
		certificates(x, c.Secure)
	}
	return nil
}

// standard sets what SSLOptions StdEnvVars is for.
func standard(x *exchange.Exchange, s *exchange.Secure) {
	if cert := s.ClientCertificate(x); cert != nil {
		for _, part := range certvar.PartNames(cert) {
			export(x, "SSL_CLIENT_"+part)
		}
	}
	if cert := s.Certificate(); cert != nil {
		for _, part := range certvar.PartNames(cert) {
			export(x, "SSL_SERVER_"+part)
		}
	}
	for _, name := range exchange.TLSNames {
		export(x, name)
	}
}

func export(x *exchange.Exchange, name string) {
	if b := exchange.AppendTLSVar(x.Arena.Alloc(256), name, x); len(b) > 0 {
		x.Env.Set(name, b)
	}
}

// certificates sets what SSLOptions ExportCertData is for. httpd: the client's is set
// and empty where there is none.
func certificates(x *exchange.Exchange, s *exchange.Secure) {
	export(x, "SSL_SERVER_CERT")
	x.Env.Set("SSL_CLIENT_CERT", exchange.AppendTLSVar(x.Arena.Alloc(2048), "SSL_CLIENT_CERT", x))
	for i := range len(s.State.PeerCertificates) - 1 {
		export(x, fmt.Sprintf("SSL_CLIENT_CERT_CHAIN_%d", i))
	}
}
