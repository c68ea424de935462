package wire

import (
	"encoding/binary"
	"math/bits"
)

// class has the class bits of each byte.
const (
	isToken = 1 << iota // tchar, RFC 9110 section 5.6.2
	isHost              // a byte of a host name that httpd accepts
	isDigit
	isHex
	isAlpha
	isTarget // a byte of a request target
	isValue  // a byte of a field value
	isLabel  // isHost but for the dot
)

var class = buildClass()

func buildClass() (t [256]uint8) {
	for c := range t {
		t[c] = classOf(byte(c))
	}
	return t
}

func classOf(c byte) (k uint8) {
	lower := c | 0x20
	switch {
	case c >= '0' && c <= '9':
		k |= isDigit | isHex | isToken | isHost | isLabel
	case lower >= 'a' && lower <= 'z' && c < 0x80:
		k |= isAlpha | isToken | isHost | isLabel
		if lower <= 'f' {
			k |= isHex
		}
	case c == '-' || c == '.' || c == '_':
		k |= isToken | isHost
		if c != '.' {
			k |= isLabel
		}
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '^', '`', '|', '~':
		k |= isToken
	}
	// httpd: bytes above 0x7f and those missing in RFC 3986 are accepted in a
	// target.
	if c > ' ' && c != 0x7f && c != '#' {
		k |= isTarget
	}
	if c == '\t' || (c >= ' ' && c != 0x7f) {
		k |= isValue
	}
	return k
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// below flags the bytes of x that are less than n (n <= 0x80), equal those that
// are c. Only the lowest flag is exact: a borrow may set wrong ones above it.
func below(x uint64, n uint64) uint64 { return (x - ones*n) &^ x & highs }

func equal(x uint64, c uint64) uint64 { return below(x^(ones*c), 1) }

// control flags bytes of x that are not allowed in a field value, and tabs. The
// lowest flag may be wrong (0x7e after 0xff), so the class decides.
func control(x uint64) uint64 { return ((x - ones*' ') | (x + ones)) &^ x & highs }

func load(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

// valueEnd returns the index at or after i of the first byte that is not
// allowed in a field value: a control other than tab. It is len(b) when there
// is none.
func valueEnd(b []byte, i int) int {
	for i >= 0 && i <= len(b)-8 { // a form in which the compiler omits bounds checks
		m := control(load(b, i))
		if m == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(m) >> 3
		if class[b[i]]&isValue == 0 {
			return i
		}
		i++
	}
	for i < len(b) && class[b[i]]&isValue != 0 {
		i++
	}
	return i
}

// targetEnd returns the index at or after i of the first byte that is not
// allowed in a request target.
func targetEnd(b []byte, i int) int {
	for i >= 0 && i <= len(b)-8 { // a form in which the compiler omits bounds checks
		x := load(b, i)
		m := below(x, ' '+1) | equal(x, 0x7f) | equal(x, '#')
		if m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	for i < len(b) && class[b[i]]&isTarget != 0 {
		i++
	}
	return i
}

// ValidName reports whether b may be a field name or another token.
func ValidName(b []byte) bool {
	for _, c := range b {
		if class[c]&isToken == 0 {
			return false
		}
	}
	return len(b) > 0
}

// ValidValue reports whether b may be a field value: no control except tab, so
// that it cannot end its line when printed.
func ValidValue(b []byte) bool { return valueEnd(b, 0) == len(b) }

// ValidTarget reports whether b may be printed as a request target.
func ValidTarget(b []byte) bool { return len(b) > 0 && targetEnd(b, 0) == len(b) }

// trim removes optional white space at both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && isBlank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && isBlank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// fold compares a with s, which is in lower case and of letters, digits and
// hyphens only, without regard to case.
func fold(a []byte, s string) bool { return len(a) == len(s) && foldSame(a, []byte(s)) }

// foldSame is fold for two of equal length.
func foldSame(a, s []byte) bool {
	n, i, d := len(a), 0, uint64(0)
	for ; i <= n-8; i += 8 {
		d |= differ(load(a, i), load(s, i))
	}
	switch {
	case i == n:
	case n >= 8:
		d |= differ(load(a, n-8), load(s, n-8))
	default:
		for i, c := range a {
			d |= differ(uint64(c), uint64(s[i]))
		}
	}
	return d == 0
}

// differ is zero if the bytes of x equal those of y except for case. Of the
// bytes allowed in y only letters have bit 0x40.
func differ(x, y uint64) uint64 { return (x ^ y) &^ (y & (ones * 0x40) >> 1) }
