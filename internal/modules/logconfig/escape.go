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

// odd has the high bit of a byte of w set that is not plain, unless the byte is
// above 0x7f, where that of w is. Carries and borrows from one byte to the next
// start only at a byte that is itself not plain, so a word is plain if and only if
// no high bit is set.
func odd(w uint64) uint64 {
	return w | (w - ' '*ones) | (w + ones) | ((w ^ '"'*ones) - ones) | ((w ^ '\\'*ones) - ones)
}

// isPlain reports whether all bytes of s are plain. It looks at words of eight bytes,
// of which the last overlaps the one before.
func isPlain(s []byte) bool {
	if len(s) < 8 {
		for _, c := range s {
			if !plain[c] {
				return false
			}
		}
		return true
	}
	found, last := odd(binary.LittleEndian.Uint64(s[len(s)-8:])), len(s)-8
	for i := 0; i < last; i += 8 {
		found |= odd(binary.LittleEndian.Uint64(s[i:]))
	}
	return found&highs == 0
}

// appendEscaped appends s so that it may appear between quotes on one line. Most
// of it is plain.
func appendEscaped(dst, s []byte) []byte {
	if isPlain(s) {
		return append(dst, s...)
	}
	return appendEach(dst, s)
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
