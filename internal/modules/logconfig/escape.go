package logconfig

import "encoding/binary"

const hexDigits = "0123456789abcdef"

// plain says which bytes are logged unchanged: printable ASCII without the
// quote and the backslash.
var plain = buildPlain()

func buildPlain() (t [256]bool) {
	for c := byte(' '); c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// allPlain reports whether all eight bytes of w are plain. A carry from one
// byte to the next starts only at a byte that is itself not plain, so carries
// cannot make the result wrong.
func allPlain(w uint64) bool {
	quote, slash, del := w^'"'*ones, w^'\\'*ones, w^0x7f*ones
	return (w|(w-' '*ones)|(quote-ones)&^quote|(slash-ones)&^slash|(del-ones)&^del)&highs == 0
}

// appendEscaped appends s so that it may appear between quotes on one line.
// Most of it is plain: it is processed in words of eight bytes.
func appendEscaped(dst, s []byte) []byte {
	i := 0
	for i+8 <= len(s) && allPlain(binary.LittleEndian.Uint64(s[i:])) {
		i += 8
	}
	for i < len(s) && plain[s[i]] {
		i++
	}
	if i == len(s) {
		return append(dst, s...)
	}
	return appendEach(append(dst, s[:i]...), s[i:])
}

// appendEach is appendEscaped byte by byte.
func appendEach[T ~string | ~[]byte](dst []byte, s T) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		if plain[s[i]] {
			continue
		}
		dst = append(dst, s[from:i]...)
		dst = appendEscape(dst, s[i])
		from = i + 1
	}
	return append(dst, s[from:]...)
}

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	case '\v':
		return append(dst, '\\', 'v')
	}
	return append(dst, '\\', 'x', hexDigits[c>>4], hexDigits[c&15])
}

// appendOr appends s escaped, "-" when there is none.
func appendOr(dst, s []byte) []byte {
	if len(s) == 0 {
		return append(dst, '-')
	}
	return appendEscaped(dst, s)
}

// appendName is appendOr for a text of ours.
func appendName(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, '-')
	}
	return appendEach(dst, s)
}
