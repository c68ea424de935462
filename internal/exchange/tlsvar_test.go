package exchange_test

import (
	"testing"

	"github.com/headgate/headgate/internal/exchange"
)

// TestTLSVar: which names mod_ssl knows of a request without TLS, as seen on
// 2.4.71.
func TestTLSVar(t *testing.T) {
	x := &exchange.Exchange{Client: new(exchange.Client), Site: new(exchange.Site)}
	x.Req.Method = []byte("GET")
	x.Req.Header.Add([]byte("Host"), []byte("h"))
	x.Req.Header.Add([]byte("X-A"), []byte("a"))
	x.Env.Set("COND", []byte("c"))
	for name, want := range map[string]string{
		"HTTP_HOST": "h", "http_host": "h", "HTTP:X-A": "a", "HTTPS": "off", "SSL_PROTOCOL": "", "nope": "", "REQUEST_METHOD": "GET",
		"ENV:COND": "c", "ENV:NONE": "", "API_VERSION": "20120211", "IPV6": "", "REQUEST_STATUS": "", "REMOTE_PORT": "", "DOCUMENT_URI": "",
	} {
		if got := exchange.AppendTLSVar(nil, name, x); string(got) != want {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
	}
}
