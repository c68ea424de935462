package crl

import "fmt"

// Depth says which certificates of a chain are looked for in the lists.
type Depth uint8

// The first word of SSLCARevocationCheck.
const (
	None  Depth = iota // none: the lists are not used
	Leaf               // leaf: the peer's certificate
	Chain              // chain: each certificate, the root too
)

// Policy is what SSLCARevocationCheck says. The zero value is its default.
type Policy struct {
	Depth     Depth
	MissingOK bool // no_crl_for_cert_ok: a certificate whose issuer has no list is accepted
}

// ParsePolicy reads the arguments of SSLCARevocationCheck. The error names the
// argument that is wrong, in httpd's words, without the directive's name. httpd
// tells case apart (ssl_cmd_crlcheck_parse).
func ParsePolicy(words []string) (p Policy, err error) {
	first := ""
	if len(words) > 0 {
		first = words[0]
	}
	switch first {
	case "none":
	case "leaf":
		p.Depth = Leaf
	case "chain":
		p.Depth = Chain
	default:
		return p, fmt.Errorf("Invalid argument '%s'", first) //nolint:staticcheck // httpd's text
	}
	for _, w := range words[1:] {
		if w != "no_crl_for_cert_ok" {
			return p, fmt.Errorf("Invalid argument '%s'", w) //nolint:staticcheck // httpd's text
		}
		p.MissingOK = true
	}
	return p, nil
}
