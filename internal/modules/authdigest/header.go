package authdigest

import (
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
)

// answer is what an Authorization field says. A parameter that is not there is nil.
type answer struct {
	username, realm, nonce, uri, response, algorithm, cnonce, opaque, qop, nc []byte
}

// parameters are the fields of an answer by the names they have.
var parameters = []struct {
	name  string
	field func(*answer) *[]byte
}{
	{"username", func(a *answer) *[]byte { return &a.username }},
	{"realm", func(a *answer) *[]byte { return &a.realm }},
	{"nonce", func(a *answer) *[]byte { return &a.nonce }},
	{"uri", func(a *answer) *[]byte { return &a.uri }},
	{"response", func(a *answer) *[]byte { return &a.response }},
	{"algorithm", func(a *answer) *[]byte { return &a.algorithm }},
	{"cnonce", func(a *answer) *[]byte { return &a.cnonce }},
	{"opaque", func(a *answer) *[]byte { return &a.opaque }},
	{"qop", func(a *answer) *[]byte { return &a.qop }},
	{"nc", func(a *answer) *[]byte { return &a.nc }},
}

// cutScheme takes the name of the scheme off an Authorization field.
func cutScheme(field []byte) (name, rest []byte) {
	name, rest = until(field, ascii.IsSpace)
	return name, skipSpace(rest)
}

// parse reads the parameters behind the scheme. Of one that is there twice the
// last counts; what cannot be read is passed over. Values are copied to dst,
// which has room for text. httpd: get_digest_rec.
func parse(dst, text []byte) (a answer) {
	for len(text) > 0 {
		var key, value []byte
		key, text = until(skipSpace(text), func(c byte) bool { return c == '=' || c == ',' || ascii.IsSpace(c) })
		text = skipSpace(text)
		if len(text) > 0 && text[0] == '=' {
			value, text, dst = cutValue(skipSpace(text[1:]), dst)
		}
		_, text = until(text, func(c byte) bool { return c == ',' })
		if len(text) > 0 {
			text = text[1:]
		}
		for _, p := range parameters {
			if value != nil && ascii.EqualFoldBytes(key, p.name) {
				*p.field(&a) = value
			}
		}
	}
	return a
}

// cutValue takes a quoted string or a token off text, and copies it to the end of
// dst. It is never nil.
func cutValue(text, dst []byte) (value, rest, more []byte) {
	start := len(dst)
	if len(text) == 0 || text[0] != '"' {
		value, rest = until(text, func(c byte) bool { return c == ',' || ascii.IsSpace(c) })
		dst = append(dst, value...)
		return dst[start:len(dst):len(dst)], rest, dst
	}
	text = text[1:]
	for len(text) > 0 && text[0] != '"' {
		if text[0] == '\\' && len(text) > 1 {
			text = text[1:]
		}
		dst = append(dst, text[0])
		text = text[1:]
	}
	if len(text) > 0 {
		text = text[1:]
	}
	return dst[start:len(dst):len(dst)], text, dst
}

func skipSpace(b []byte) []byte {
	_, b = until(b, func(c byte) bool { return !ascii.IsSpace(c) })
	return b
}

// until splits b before the first byte that end holds for.
func until(b []byte, end func(byte) bool) (head, tail []byte) {
	for i, c := range b {
		if end(c) {
			return b[:i], b[i:]
		}
	}
	return b, nil
}

// complete reports whether all is there that an answer must have.
func (a *answer) complete() bool {
	return a.username != nil && a.realm != nil && len(a.nonce) == nonceLen && a.uri != nil && a.response != nil &&
		(a.qop == nil || a.cnonce != nil && a.nc != nil)
}

// client returns the number that opaque names, 0 if it names none.
func (a *answer) client() uint64 {
	n, err := strconv.ParseUint(string(a.opaque), 16, 64)
	if err != nil {
		return 0
	}
	return n
}
