package proxybalancer

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

const (
	maxForm   = 64 << 10 // bytes of a form; httpd reads 1,024 and drops the rest
	maxFields = 256
)

// form are the fields of a query or of an urlencoded body by their names in lower
// case. As in httpd the last one of a name counts.
type form map[string]string

// parseForm reads "a=b&c=d". What is no escape stays as it is.
//
// Ours: "+" is a blank, as browsers mean it.
func parseForm(s string) form {
	f := make(form)
	for n := 0; s != "" && n < maxFields; n++ {
		var pair string
		pair, s, _ = strings.Cut(s, "&")
		name, value, _ := strings.Cut(pair, "=")
		if name = ascii.ToLower(unescape(name)); name != "" {
			f[name] = unescape(value)
		}
	}
	return f
}

func unescape(s string) string {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b = append(b, ' ')
		case s[i] == '%' && i+2 < len(s) && ascii.IsHex(s[i+1]) && ascii.IsHex(s[i+2]):
			b = append(b, nibble(s[i+1])<<4|nibble(s[i+2]))
			i += 2
		default:
			b = append(b, s[i])
		}
	}
	return string(b)
}

// nibble returns the value of a hexadecimal digit.
func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}

// query keeps what a GET may say: it only chooses what is shown (httpd).
func (f form) query() form {
	for name := range f {
		switch name {
		case "b", "w", "nonce", "xml", "done":
		default:
			delete(f, name)
		}
	}
	return f
}

// has reports whether a field was given.
func (f form) has(name string) bool { _, ok := f[name]; return ok }
