package exchange

import (
	"crypto/tls"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/certvar"
	"github.com/headgate/headgate/internal/cipherlist"
)

// TLSNames are the variables that SSLOptions StdEnvVars puts into the environment.
var TLSNames = []string{
	"SSL_VERSION_INTERFACE", "SSL_VERSION_LIBRARY", "SSL_PROTOCOL", "SSL_SECURE_RENEG", "SSL_COMPRESS_METHOD", "SSL_CIPHER",
	"SSL_CIPHER_EXPORT", "SSL_CIPHER_USEKEYSIZE", "SSL_CIPHER_ALGKEYSIZE", "SSL_CLIENT_VERIFY", "SSL_CLIENT_M_VERSION",
	"SSL_CLIENT_M_SERIAL", "SSL_CLIENT_V_START", "SSL_CLIENT_V_END", "SSL_CLIENT_V_REMAIN", "SSL_CLIENT_S_DN", "SSL_CLIENT_I_DN",
	"SSL_CLIENT_A_KEY", "SSL_CLIENT_A_SIG", "SSL_SERVER_M_VERSION", "SSL_SERVER_M_SERIAL", "SSL_SERVER_V_START", "SSL_SERVER_V_END",
	"SSL_SERVER_S_DN", "SSL_SERVER_I_DN", "SSL_SERVER_A_KEY", "SSL_SERVER_A_SIG", "SSL_SESSION_ID", "SSL_SESSION_RESUMED",
	"SSL_SERVER_S_DN_C", "SSL_SERVER_S_DN_ST", "SSL_SERVER_S_DN_L", "SSL_SERVER_S_DN_O", "SSL_SERVER_S_DN_OU", "SSL_SERVER_S_DN_CN",
	"SSL_SERVER_S_DN_Email", "SSL_SERVER_I_DN_C", "SSL_SERVER_I_DN_ST", "SSL_SERVER_I_DN_L", "SSL_SERVER_I_DN_O", "SSL_SERVER_I_DN_OU",
	"SSL_SERVER_I_DN_CN", "SSL_SERVER_I_DN_Email", "SSL_SERVER_SAN_DNS_0", "SSL_SERVER_SAN_DNS_1", "SSL_SERVER_SAN_DNS_2",
	"SSL_SERVER_SAN_Email_0", "SSL_CLIENT_S_DN_C", "SSL_CLIENT_S_DN_ST", "SSL_CLIENT_S_DN_L", "SSL_CLIENT_S_DN_O", "SSL_CLIENT_S_DN_OU",
	"SSL_CLIENT_S_DN_CN", "SSL_CLIENT_S_DN_Email", "SSL_CLIENT_I_DN_C", "SSL_CLIENT_I_DN_ST", "SSL_CLIENT_I_DN_L", "SSL_CLIENT_I_DN_O",
	"SSL_CLIENT_I_DN_OU", "SSL_CLIENT_I_DN_CN", "SSL_CLIENT_I_DN_Email",
}

const (
	serverPrefix = "SERVER_"
	clientPrefix = "CLIENT_"
)

// appendSSL appends a variable of mod_ssl, by its name without SSL_.
// httpd: ssl_var_lookup_ssl.
func appendSSL(dst []byte, name string, x *Exchange) []byte {
	s := x.Client.Secure
	switch {
	case ascii.EqualFold(name, "PROTOCOL"):
		return append(dst, versionNames[s.State.Version]...)
	case ascii.HasPrefixFold(name, "CIPHER"):
		return appendCipher(dst, name[len("CIPHER"):], s.State)
	case ascii.EqualFold(name, "TLS_SNI"):
		return append(dst, s.ServerName()...)
	case ascii.EqualFold(name, "SESSION_RESUMED"):
		if s.State.DidResume {
			return append(dst, "Resumed"...)
		}
		return append(dst, "Initial"...)
	case ascii.EqualFold(name, "SECURE_RENEG"):
		return append(dst, "true"...)
	case ascii.EqualFold(name, "COMPRESS_METHOD"):
		return append(dst, "NULL"...)
	case ascii.EqualFold(name, "VERSION_INTERFACE"):
		return append(dst, "Headgate"...)
	case ascii.EqualFold(name, "VERSION_LIBRARY"):
		return append(dst, "crypto/tls"...)
	case ascii.HasPrefixFold(name, serverPrefix):
		if c := s.Certificate(); c != nil {
			return certvar.Append(dst, c, name[len(serverPrefix):])
		}
	case ascii.HasPrefixFold(name, clientPrefix):
		return appendClient(dst, name[len(clientPrefix):], x)
	}
	return dst
}

var versionNames = map[uint16]string{
	tls.VersionTLS10: "TLSv1", tls.VersionTLS11: "TLSv1.1", tls.VersionTLS12: "TLSv1.2", tls.VersionTLS13: "TLSv1.3",
}

func appendCipher(dst []byte, rest string, st *tls.ConnectionState) []byte {
	c, ok := cipherlist.ByID(st.CipherSuite)
	if !ok {
		c.Name = tls.CipherSuiteName(st.CipherSuite)
	}
	switch {
	case rest == "":
		return append(dst, c.Name...)
	case ascii.EqualFold(rest, "_EXPORT"):
		return append(dst, "false"...)
	case ascii.EqualFold(rest, "_USEKEYSIZE"), ascii.EqualFold(rest, "_ALGKEYSIZE"):
		return strconv.AppendInt(dst, int64(c.Bits), 10)
	}
	return dst
}

// appendClient appends a variable about the client's certificate.
func appendClient(dst []byte, name string, x *Exchange) []byte {
	s := x.Client.Secure
	if ascii.EqualFold(name, "VERIFY") {
		return s.appendVerify(dst, x)
	}
	if c := s.ClientCertificate(x); c != nil {
		return certvar.Append(dst, c, name)
	}
	return dst
}
