// Package certvar prints what mod_ssl's variables say of a certificate:
// SSL_SERVER_S_DN and its like, by the part of the name after SSL_SERVER_.
//
// Pure functions; imports ascii.
package certvar

import (
	"crypto/x509"
	"encoding/pem"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
)

// Append appends the value of a variable of c, and nothing for one that does not
// exist. Names ignore case, but for those of the parts of a name: S_DN_CN.
func Append(dst []byte, c *x509.Certificate, name string) []byte {
	given := name
	name = strings.ToUpper(name)
	switch name {
	case "M_VERSION":
		return strconv.AppendInt(dst, int64(c.Version), 10)
	case "M_SERIAL":
		return appendSerial(dst, c)
	case "V_START":
		return appendTime(dst, c.NotBefore)
	case "V_END":
		return appendTime(dst, c.NotAfter)
	case "V_REMAIN":
		return strconv.AppendInt(dst, int64(time.Until(c.NotAfter)/(24*time.Hour)), 10)
	case "S_DN":
		return appendDN(dst, c.RawSubject)
	case "I_DN":
		return appendDN(dst, c.RawIssuer)
	case "A_SIG":
		return append(dst, signatures[c.SignatureAlgorithm]...)
	case "A_KEY":
		return append(dst, keys[c.PublicKeyAlgorithm]...)
	case "CERT_RFC4523_CEA":
		dst = append(dst, "{ serialNumber "...)
		dst = c.SerialNumber.Append(dst, 10)
		dst = append(dst, ", issuer rdnSequence:\""...)
		return append(appendDN(dst, c.RawIssuer), "\" }"...)
	case "CERT":
		return append(dst, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	switch {
	case strings.HasPrefix(name, "S_DN_"):
		return appendPart(dst, c.RawSubject, given[len("S_DN_"):])
	case strings.HasPrefix(name, "I_DN_"):
		return appendPart(dst, c.RawIssuer, given[len("I_DN_"):])
	case strings.HasPrefix(name, "SAN_DNS_"):
		return appendNth(dst, c.DNSNames, name[len("SAN_DNS_"):])
	case strings.HasPrefix(name, "SAN_EMAIL_"):
		return appendNth(dst, c.EmailAddresses, name[len("SAN_EMAIL_"):])
	}
	return dst
}

// appendSerial prints a number in hexadecimal, two digits for each byte.
func appendSerial(dst []byte, c *x509.Certificate) []byte {
	text := strings.ToUpper(c.SerialNumber.Text(16))
	if len(text)%2 == 1 {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

func appendTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, "Jan _2 15:04:05 2006 GMT")
}

func appendNth(dst []byte, list []string, index string) []byte {
	n, err := strconv.Atoi(index)
	if err != nil || n < 0 || n >= len(list) || !ascii.IsDigit(index[0]) {
		return dst
	}
	return append(dst, list[n]...)
}

// signatures and keys are OpenSSL's names of algorithms.
var signatures = map[x509.SignatureAlgorithm]string{
	x509.MD5WithRSA: "md5WithRSAEncryption", x509.SHA1WithRSA: "sha1WithRSAEncryption", x509.SHA256WithRSA: "sha256WithRSAEncryption",
	x509.SHA384WithRSA: "sha384WithRSAEncryption", x509.SHA512WithRSA: "sha512WithRSAEncryption", x509.SHA256WithRSAPSS: "rsassaPss",
	x509.SHA384WithRSAPSS: "rsassaPss", x509.SHA512WithRSAPSS: "rsassaPss", x509.ECDSAWithSHA1: "ecdsa-with-SHA1",
	x509.ECDSAWithSHA256: "ecdsa-with-SHA256", x509.ECDSAWithSHA384: "ecdsa-with-SHA384", x509.ECDSAWithSHA512: "ecdsa-with-SHA512",
	x509.PureEd25519: "ED25519",
}

var keys = map[x509.PublicKeyAlgorithm]string{
	x509.RSA: "rsaEncryption", x509.DSA: "dsaEncryption", x509.ECDSA: "id-ecPublicKey", x509.Ed25519: "ED25519",
}
