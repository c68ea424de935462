package ops

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestBackKeys: certificates for backends that only root may read are read again by a
// reload after the server has become www-data, those of a folder too.
func TestBackKeys(t *testing.T) {
	r := newRig(t)
	files := testkit.BackFiles()
	origin := testkit.NewOrigin(t)
	ports := testkit.StartBackTLS(t, origin.Addr())
	r.secret("own/client.pem", files["back/client.pem"])
	r.secret("more/client.pem", files["back/client.pem"])
	const site = "SSLProxyEngine on\nSSLProxyMachineCertificateFile %[1]s/own/client.pem\n" +
		"ProxyPass /file/ https://localhost:%[2]s/ disablereuse=on\nProxyPass /path/ https://localhost:%[3]s/ disablereuse=on\n" +
		"<Proxy \"https://localhost:%[3]s/\">\nSSLProxyMachineCertificateFile %[1]s/own/client.pem\nSSLProxyMachineCertificatePath %[1]s/more\n</Proxy>\n"
	base := fmt.Sprintf(site, r.dir, ports["tverify"], ports["tclient"]) + r.read("etc/apache2.conf")
	r.write("etc/apache2.conf", base)
	server, _ := r.start()
	if uid := statusLine(t, server, "Uid:"); strings.HasPrefix(uid, "0") {
		t.Fatalf("the server is still root: %s", uid)
	}
	serves := func() {
		t.Helper()
		for _, path := range []string{"/file/", "/path/"} {
			if err := r.getPath(net.JoinHostPort("127.0.0.1", fmt.Sprint(r.port)), path); err != nil {
				t.Errorf("%s: %v\n%s", path, err, r.read("log/error.log"))
			}
		}
	}
	serves()
	r.must(0, "reloaded", "reload", r.conf)
	serves()
	r.secret("own/client.pem", files["back/mismatch.pem"])
	r.must(1, "AH02326", "reload", r.conf)
	serves()
	r.secret("own/client.pem", files["back/rsa.pem"])
	r.must(0, "reloaded", "reload", r.conf)
	serves()
	if log := r.read("log/error.log"); strings.Contains(log, "stays the one") {
		t.Errorf("a file was not read again:\n%s", log)
	}
}
