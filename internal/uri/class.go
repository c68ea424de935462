package uri

import (
	"encoding/binary"

	"github.com/headgate/headgate/internal/ascii"
)

// class bits of one byte.
const (
	unreserved uint8 = 1 << iota // RFC 3986 section 2.3
	literal                      // unchanged in an encoded path
	visible                      // VCHAR or obs-text: allowed in a request target
	markup                       // has to be escaped in HTML
	schemeChar                   // RFC 3986 section 3.1
)

// classes has the class bits of each byte. Read only.
var classes = buildClasses()

func buildClasses() (t [256]uint8) {
	mark := func(set string, bit uint8) {
		for i := range len(set) {
			t[set[i]] |= bit
		}
	}
	for i := range 256 {
		c := byte(i)
		if ascii.IsAlpha(c) || ascii.IsDigit(c) {
			t[c] |= unreserved | literal | schemeChar
		}
		if c > 0x20 && c != 0x7f {
			t[c] |= visible
		}
	}
	mark("-._~", unreserved)
	mark("~$-_.+!*'(),;:@&=/", literal)
	mark(`<>&"`, markup)
	mark("+-.", schemeChar)
	return t
}

const (
	upperHex = "0123456789ABCDEF" // towards backends
	lowerHex = "0123456789abcdef" // httpd: towards clients
)

func appendEscaped(dst []byte, c byte, digits string) []byte {
	return append(dst, '%', digits[c>>4], digits[c&15])
}

// escaped reads the two digits after the percent sign at p[i].
func escaped(p []byte, i int) (byte, bool) {
	if i+2 >= len(p) {
		return 0, false
	}
	hi, ok1 := ascii.Unhex(p[i+1])
	lo, ok2 := ascii.Unhex(p[i+2])
	return hi<<4 | lo, ok1 && ok2
}

// Sendable reports whether p has no control character and no space, and so may
// be written to a request line unchanged.
func Sendable(p []byte) bool {
	for len(p) >= 8 {
		if invisible(binary.LittleEndian.Uint64(p)) {
			return false
		}
		p = p[8:]
	}
	for _, c := range p {
		if classes[c]&visible == 0 {
			return false
		}
	}
	return true
}

// Literal reports whether AppendCanon leaves p unchanged.
func Literal(p []byte) bool {
	for _, c := range p {
		if classes[c]&literal == 0 {
			return false
		}
	}
	return true
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// invisible reports whether one of the eight bytes of w is not visible. A carry
// from one byte to the next starts only at a byte that is itself invisible, so
// carries cannot make the result wrong.
func invisible(w uint64) bool {
	del := w ^ 0x7f*ones
	return ((w-0x21*ones)&^w|(del-ones)&^del)&highs != 0
}
