package seed

import (
	"strings"
	"testing"

	"github.com/headgate/headgate/internal/testkit"
)

// TestPerformance: 07-performance.conf runs as it is, but for the name of its backend,
// and what it serves is compressed for clients that accept it. What its times and
// limits do is shown by test/diff and test/script, which have them in seconds.
func TestPerformance(t *testing.T) {
	page := strings.Repeat("a page that is long enough to be compressed. ", 50)
	backend := python(t, page)
	text := conf(t, "07-performance.conf", "http://backend/", "http://"+backend+"/")
	// It loads mod_deflate, so that all others must be loaded too.
	text = "LoadModule proxy_module modules/mod_proxy.so\nLoadModule proxy_http_module modules/mod_proxy_http.so\n" + text
	s := testkit.StartHeadgate(t, "", testkit.Site{Conf: text})
	r := get(t, s, "localhost", "/index.html")
	if r.Header("Content-Encoding") != "" || string(r.Body) != page || r.Header("Vary") != "Accept-Encoding" {
		t.Errorf("without Accept-Encoding: %q, %d bytes", r.Fields, len(r.Body))
	}
	r = get(t, s, "localhost\r\nAccept-Encoding: gzip, deflate, br, zstd", "/index.html")
	coding, body, ok := testkit.Decoded(r.Header("Content-Encoding"), r.Body)
	if !ok || coding != "gzip" || string(body) != page || len(r.Body) >= len(page) {
		t.Errorf("with Accept-Encoding: %q, %d bytes", r.Fields, len(r.Body))
	}
}
