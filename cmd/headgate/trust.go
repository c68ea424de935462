package main

import (
	"errors"
	"os"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// bundles are where systems have the certificates of the authorities that they
// trust: Debian and Alpine, Fedora, openSUSE, BSD.
var bundles = []string{
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/cert.pem",
}

// backendTrust returns the directives that a backend's URL needs in addition:
// with https:// its certificate is checked by the authorities of $SSL_CERT_FILE or
// of the system, unless it is to be trusted as it is.
func backendTrust(url string, insecure bool) (string, error) {
	scheme, _, _ := strings.Cut(url, ":")
	switch {
	case !ascii.EqualFold(scheme, "https"):
		return "", nil
	case insecure:
		return "SSLProxyEngine On\nSSLProxyVerify none\nSSLProxyCheckPeerName Off\nSSLProxyCheckPeerExpire Off\n", nil
	}
	files := bundles
	if file := os.Getenv("SSL_CERT_FILE"); file != "" {
		files = []string{file}
	}
	for _, file := range files {
		if _, err := os.Stat(file); err == nil && !strings.ContainsAny(file, "\"\n\r\\$") {
			return "SSLProxyEngine On\nSSLProxyVerify require\nSSLProxyVerifyDepth 10\nSSLProxyCACertificateFile \"" + file + "\"\n", nil
		}
	}
	return "", errors.New("no file with trusted certificates was found: name one in SSL_CERT_FILE, or use --insecure")
}
