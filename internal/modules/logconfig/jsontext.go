package logconfig

import (
	"unicode/utf8"
)

const null = "null"

// appendJSONText appends s as a JSON string (RFC 8259 section 7). Bytes that are no
// UTF-8 become U+FFFD: what peers send is always a valid string.
func appendJSONText[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] || c == 0x7f {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = decodeRune(s, i); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[from:i]...)
		dst = appendJSONEscape(dst, c)
		i += size
		from = i
	}
	return append(append(dst, s[from:]...), '"')
}

// decodeRune decodes the rune of s at i.
func decodeRune[T ~string | ~[]byte](s T, i int) (rune, int) {
	var b [utf8.UTFMax]byte
	return utf8.DecodeRune(b[:copy(b[:], s[i:min(i+utf8.UTFMax, len(s))])])
}

func appendJSONEscape(dst []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	case c < ' ':
		return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(dst, "\uFFFD"...)
}

// appendJSONOr appends s as a string, null when it is empty. Most strings are plain.
func appendJSONOr(dst, s []byte) []byte {
	if len(s) == 0 {
		return append(dst, null...)
	}
	if isPlain(s) {
		dst = append(dst, '"')
		dst = append(dst, s...)
		return append(dst, '"')
	}
	return appendJSONText(dst, s)
}
