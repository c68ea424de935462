package logconfig

import (
	"github.com/headgate/headgate/internal/exchange"
)

// tlsVar is %{name}x: a variable of mod_ssl.
func tlsVar(arg string) value {
	return func(dst []byte, x *exchange.Exchange) []byte {
		start := len(dst)
		dst = exchange.AppendTLSVar(dst, arg, x)
		if len(dst) == start {
			return append(dst, '-')
		}
		text := append(x.Arena.Alloc(len(dst)-start), dst[start:]...)
		return appendEscaped(dst[:start], text)
	}
}

// oldTLSVars are the names of %{name}c.
var oldTLSVars = []struct{ name, variable string }{
	{"version", "SSL_PROTOCOL"}, {"cipher", "SSL_CIPHER"}, {"subjectdn", "SSL_CLIENT_S_DN"}, {"clientcert", "SSL_CLIENT_S_DN"},
	{"issuerdn", "SSL_CLIENT_I_DN"}, {"cacert", "SSL_CLIENT_I_DN"},
}

// oldTLSVar is %{name}c, of httpd's early days. httpd: ssl_var_log_handler_c.
func oldTLSVar(arg string) value {
	for _, v := range oldTLSVars {
		if v.name == arg {
			return tlsVar(v.variable)
		}
	}
	return always("-")
}
