package exchange

import (
	"crypto/tls"
	"crypto/x509"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/certvar"
	"github.com/headgate/headgate/internal/cipherlist"
)

// TLSNames are the variables that SSLOptions StdEnvVars puts into the environment, with
// those of certvar.PartNames.
var TLSNames = []string{
	"SSL_VERSION_INTERFACE", "SSL_VERSION_LIBRARY", "SSL_PROTOCOL", "SSL_SECURE_RENEG", "SSL_COMPRESS_METHOD", "SSL_CIPHER",
	"SSL_CIPHER_EXPORT", "SSL_CIPHER_USEKEYSIZE", "SSL_CIPHER_ALGKEYSIZE", "SSL_CLIENT_VERIFY", "SSL_CLIENT_M_VERSION",
	"SSL_CLIENT_M_SERIAL", "SSL_CLIENT_V_START", "SSL_CLIENT_V_END", "SSL_CLIENT_V_REMAIN", "SSL_CLIENT_S_DN", "SSL_CLIENT_I_DN",
	"SSL_CLIENT_A_KEY", "SSL_CLIENT_A_SIG", "SSL_CLIENT_CERT_RFC4523_CEA", "SSL_SERVER_M_VERSION", "SSL_SERVER_M_SERIAL", "SSL_SERVER_V_START", "SSL_SERVER_V_END",
	"SSL_SERVER_S_DN", "SSL_SERVER_I_DN", "SSL_SERVER_A_KEY", "SSL_SERVER_A_SIG", "SSL_SESSION_ID", "SSL_SESSION_RESUMED",
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
		return strconv.AppendBool(dst, s.State.Version < tls.VersionTLS13)
	case ascii.EqualFold(name, "COMPRESS_METHOD"):
		return append(dst, "NULL"...)
	case ascii.EqualFold(name, "VERSION_INTERFACE"):
		return append(dst, "Headgate"...)
	case ascii.EqualFold(name, "VERSION_LIBRARY"):
		return append(dst, "crypto/tls"...)
	case ascii.HasPrefixFold(name, serverPrefix):
		if c := s.Certificate(); c != nil {
			return appendCert(dst, c, name[len(serverPrefix):], x)
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
	c := s.ClientCertificate(x)
	switch {
	case c == nil:
		return dst
	case ascii.HasPrefixFold(name, chainPrefix):
		// httpd: the chain is what came after the client's own certificate.
		i, err := strconv.Atoi(name[len(chainPrefix):])
		if err != nil || i < 0 || i+1 >= len(s.State.PeerCertificates) || !ascii.IsDigit(name[len(chainPrefix)]) {
			return dst
		}
		return certvar.Append(dst, s.State.PeerCertificates[i+1], "CERT")
	}
	return appendCert(dst, c, name, x)
}

const chainPrefix = "CERT_CHAIN_"

// appendCert appends a variable about a certificate.
func appendCert(dst []byte, c *x509.Certificate, name string, x *Exchange) []byte {
	if x.Chain != nil && x.Chain.LegacyDN {
		switch {
		case ascii.EqualFold(name, "S_DN"):
			return certvar.AppendLegacyDN(dst, c, false)
		case ascii.EqualFold(name, "I_DN"):
			return certvar.AppendLegacyDN(dst, c, true)
		}
	}
	return certvar.Append(dst, c, name)
}
