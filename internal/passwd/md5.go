package passwd

import (
	"crypto/md5" //nolint:gosec // the forms are made with it
	"strings"
)

// The two forms made by a thousand rounds of MD5: crypt(3)'s and Apache's.
const (
	md5Magic = "$1$"
	apr1     = "$apr1$"
)

// md5Crypt makes magic, salt and hash of a password with the salt of stored, which
// begins with magic (Poul-Henning Kamp's crypt of FreeBSD 2.0).
func md5Crypt(magic, stored, password string) (string, bool) {
	salt, _, ok := strings.Cut(stored[len(magic):], "$")
	if !ok {
		return "", false
	}
	salt = salt[:min(len(salt), 8)]
	pw := []byte(password)

	inner := md5.Sum([]byte(password + salt + password)) //nolint:gosec // as above
	b := []byte(password + magic + salt)
	for n := len(pw); n > 0; n -= md5.Size {
		b = append(b, inner[:min(n, md5.Size)]...)
	}
	for n := len(pw); n > 0; n >>= 1 {
		if n&1 != 0 {
			b = append(b, 0)
		} else {
			b = append(b, pw[0])
		}
	}
	sum := md5.Sum(b) //nolint:gosec // as above
	for i := range 1000 {
		b = b[:0]
		b = appendOneOf(b, i&1 != 0, pw, sum[:])
		if i%3 != 0 {
			b = append(b, salt...)
		}
		if i%7 != 0 {
			b = append(b, pw...)
		}
		b = appendOneOf(b, i&1 != 0, sum[:], pw)
		sum = md5.Sum(b) //nolint:gosec // as above
	}

	out := []byte(magic + salt + "$")
	for _, g := range [][3]int{{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}} {
		out = appendSix(out, uint(sum[g[0]])<<16|uint(sum[g[1]])<<8|uint(sum[g[2]]), 4)
	}
	return string(appendSix(out, uint(sum[11]), 2)), true
}

// appendOneOf appends yes or no.
func appendOneOf(dst []byte, which bool, yes, no []byte) []byte {
	if which {
		return append(dst, yes...)
	}
	return append(dst, no...)
}
