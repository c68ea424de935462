package exchange

import "testing"

func TestOrigin(t *testing.T) {
	for _, row := range []struct {
		host, scheme string
		port         uint16
		tls          bool
		mode         Canonical
		want         string
	}{
		{"client.example", "", 0, false, CanonicalOff, "http://client.example"},
		{"Client.Example:8080", "", 0, false, CanonicalOff, "http://client.example:8080"},
		{"client.example:80", "", 0, false, CanonicalOff, "http://client.example"},
		{"[::1]:39180", "", 0, false, CanonicalOff, "http://[::1]:39180"},
		{"[::1]", "", 0, false, CanonicalOff, "http://[::1]"},
		{"c", "", 0, true, CanonicalOff, "https://c"},
		{"c:443", "", 0, true, CanonicalOff, "https://c"},
		{"c", "", 8443, true, CanonicalOff, "https://c:8443"},
		{"c", "https", 443, false, CanonicalOff, "https://c"},
		{"c:99", "", 8081, false, CanonicalOn, "http://main.example:8081"},
		{"c:99", "", 0, false, CanonicalOn, "http://main.example"},
		{"", "", 0, false, CanonicalOff, "http://main.example"},
		{"c:99", "https", 0, false, CanonicalOn, "https://main.example"},
		{"c:99", "http", 0, true, CanonicalOff, "https://c:99"},
		{"c", "", 0, false, CanonicalDNS, "http://main.example"},
		{"c:99", "", 8081, false, CanonicalDNS, "http://main.example:99"},
		{"c", "", 8081, false, CanonicalDNS, "http://main.example:8081"},
	} {
		x := &Exchange{Site: &Site{Name: "main.example", Scheme: row.scheme, Port: row.port}, Chain: &Chain{Canonical: row.mode}, Client: &Client{TLS: row.tls}}
		x.Req.Host = []byte(row.host)
		if got := string(x.Origin()); got != row.want {
			t.Errorf("%+v: %s", row, got)
		}
	}
}
