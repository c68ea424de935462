package module

import (
	"bytes"
	"encoding/base64"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
)

// SchemeName takes the name of the scheme off an Authorization field (httpd:
// ap_getword).
func SchemeName(field []byte) (name, rest []byte) {
	name, rest, _ = bytes.Cut(field, []byte(" "))
	for len(rest) > 0 && ascii.IsSpace(rest[0]) {
		rest = rest[1:]
	}
	return name, rest
}

// DecodeBasic takes user and password from what follows "Basic", into dst. httpd is as
// lenient: what follows the first character that is none of base64 is not looked
// at, nor is what follows a NUL, and without a colon the password is empty.
func DecodeBasic(dst, text []byte) (user, password []byte) {
	n := 0
	for n < len(text) && isBase64(text[n]) {
		n++
	}
	if n%4 == 1 {
		n-- // six bits make no byte
	}
	dst = dst[:base64.RawStdEncoding.DecodedLen(n)]
	n, _ = base64.RawStdEncoding.Decode(dst, text[:n])
	dst, _, _ = bytes.Cut(dst[:n], []byte{0})
	user, password, _ = bytes.Cut(dst, []byte(":"))
	return user, password
}

func isBase64(c byte) bool { return ascii.IsAlpha(c) || ascii.IsDigit(c) || c == '+' || c == '/' }

// EncodeBasic makes an Authorization field of user and password.
func EncodeBasic(x *exchange.Exchange, user, password []byte) []byte {
	const scheme = "Basic "
	plain := x.Arena.Join(user, []byte(":"), password)
	out := append(x.Arena.Alloc(len(scheme)+base64.StdEncoding.EncodedLen(len(plain))), scheme...)
	return base64.StdEncoding.AppendEncode(out, plain)
}
