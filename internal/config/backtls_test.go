package config_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/config"
	"github.com/headgate/headgate/internal/modules"
	"github.com/headgate/headgate/internal/testkit"
)

// TestBackTLSFaults: what cannot be used for connections to backends ends a start, with
// the place of the directive.
func TestBackTLSFaults(t *testing.T) {
	dir := t.TempDir()
	files := testkit.BackFiles()
	files["back/none.txt"], files["back/cut.pem"] = "none", strings.TrimSuffix(files["back/crl.pem"], "-----END X509 CRL-----\n")
	files["back/keyonly.pem"] = strings.TrimPrefix(files["back/client.pem"], files["back/client.pem"][:strings.Index(files["back/client.pem"], "-----BEGIN PRIVATE")])
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ conf, says string }{
		{"SSLProxyMachineCertificateFile back/client.pem", ""},
		{"SSLProxyMachineCertificateFile back/keyfirst.pem", ""},
		{"SSLProxyMachineCertificatePath back/many", ""},
		{"SSLProxyMachineCertificateFile back/none", "httpd.conf:2: SSLProxyMachineCertificateFile: file '${dir}/back/none' does not exist or is empty"},
		{"SSLProxyMachineCertificatePath back/none", "httpd.conf:2: SSLProxyMachineCertificatePath: directory '${dir}/back/none' does not exist"},
		{"SSLProxyMachineCertificateFile back/mismatch.pem", "httpd.conf:2: SSLProxyMachineCertificateFile: ${dir}/back/mismatch.pem: AH02326: "},
		{"SSLProxyMachineCertificateFile back/encrypted.pem", "httpd.conf:2: SSLProxyMachineCertificateFile: ${dir}/back/encrypted.pem: the private key is encrypted"},
		{"SSLProxyMachineCertificateFile back/keyonly.pem", "httpd.conf:2: SSLProxyMachineCertificateFile: ${dir}/back/keyonly.pem: AH02252: "},
		{"SSLProxyMachineCertificateFile back/ca.crt", "warning httpd.conf:2: AH02206: "},
		{"SSLProxyMachineCertificateFile back/none.txt", "warning httpd.conf:2: AH02206: "},
		{"SSLProxyMachineCertificateChainFile back/none.txt", "httpd.conf:2: SSLProxyMachineCertificateChainFile: ${dir}/back/none.txt: there is no certificate in it"},
		{"<Proxy *>\nSSLProxyMachineCertificateFile back/mismatch.pem\n</Proxy>", "httpd.conf:3: SSLProxyMachineCertificateFile: ${dir}/back/mismatch.pem: AH02326: "},
		{"SSLProxyEngine off\nSSLProxyMachineCertificateFile back/mismatch.pem", ""},
		{"SSLProxyCARevocationCheck leaf", "httpd.conf:2: SSLProxyCARevocationCheck: AH01899: "},
		{"<VirtualHost *:80>\nSSLProxyCARevocationCheck leaf\n</VirtualHost>", "httpd.conf:3: SSLProxyCARevocationCheck: AH01899: "},
		{"<Proxy *>\nSSLProxyCARevocationCheck chain\n</Proxy>", "httpd.conf:3: SSLProxyCARevocationCheck: AH01899: "},
		{"SSLProxyCARevocationFile back/crl.pem\n<Proxy *>\nSSLProxyVerify on\nSSLProxyCARevocationCheck chain\n</Proxy>", ""},
		{"SSLProxyCARevocationFile back/crl.pem\nSSLProxyCARevocationCheck chain", "warning httpd.conf:3: SSLProxyCARevocationCheck checks nothing"},
		{"SSLProxyCARevocationFile back/crl.pem", "warning httpd.conf:2: AH01902: "},
		{"SSLProxyCARevocationFile back/ca.crt", "httpd.conf:2: SSLProxyCARevocationFile: ${dir}/back/ca.crt: there is no list"},
		{"SSLProxyCARevocationFile back/cut.pem", "httpd.conf:2: SSLProxyCARevocationFile: ${dir}/back/cut.pem: its last part has no end"},
		{"SSLProxyCARevocationPath back/none", "httpd.conf:2: SSLProxyCARevocationPath: directory '${dir}/back/none' does not exist"},
		{"SSLProxyCARevocationCheck maybe", "httpd.conf:2: SSLProxyCARevocationCheck: Invalid argument 'maybe'"},
	} {
		l := config.Load(config.Options{
			File: filepath.Join(dir, "httpd.conf"), Text: "SSLProxyEngine on\n" + c.conf + "\nListen 127.0.0.1:18080\nServerName x\n", ServerRoot: dir, Version: "test", Check: true,
		}, runtimeOf(t), modules.All())
		var found []string
		for _, f := range l.Found {
			found = append(found, strings.ReplaceAll(f.String(), dir+"/httpd.conf", "httpd.conf"))
		}
		says := strings.ReplaceAll(c.says, "${dir}", dir)
		says, warns := strings.CutPrefix(says, "warning ")
		stops := says != "" && !warns
		if l.OK() == stops || says == "" && len(found) > 0 || says != "" && !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, says) }) {
			t.Errorf("%s\nwant %q\nfound %q", c.conf, says, found)
		}
	}
}
