package ascii

// class bits of one byte.
const (
	classToken uint8 = 1 << iota // RFC 9110 section 5.6.2, tchar
	classDigit
	classHex
	classAlpha
	classSpace   // C isspace: blank, \t \n \v \f \r
	classVisible // RFC 5234 VCHAR
	classControl // RFC 5234 CTL
)

// classes says what each byte is; lower what it folds to; unhex its value as a
// hexadecimal digit, 0xff when it is none. All three are read only.
var (
	classes = buildClasses()
	lower   = buildLower()
	unhex   = buildUnhex()
)

func buildClasses() (t [256]uint8) {
	for i := range 256 {
		c := byte(i)
		switch {
		case '0' <= c && c <= '9':
			t[c] = classToken | classDigit | classHex
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
			t[c] = classToken | classAlpha
		}
		if ('a' <= c && c <= 'f') || ('A' <= c && c <= 'F') {
			t[c] |= classHex
		}
		if 0x21 <= c && c <= 0x7e {
			t[c] |= classVisible
		}
		if c < 0x20 || c == 0x7f {
			t[c] |= classControl
		}
	}
	for _, c := range []byte("!#$%&'*+-.^_`|~") {
		t[c] |= classToken
	}
	for _, c := range []byte(" \t\n\v\f\r") {
		t[c] |= classSpace
	}
	return t
}

func buildLower() (t [256]byte) {
	for i := range 256 {
		t[i] = byte(i)
		if 'A' <= i && i <= 'Z' {
			t[i] = byte(i) + 'a' - 'A'
		}
	}
	return t
}

func buildUnhex() (t [256]byte) {
	for i := range 256 {
		c := byte(i)
		switch {
		case '0' <= c && c <= '9':
			t[c] = c - '0'
		case 'a' <= c && c <= 'f':
			t[c] = c - 'a' + 10
		case 'A' <= c && c <= 'F':
			t[c] = c - 'A' + 10
		default:
			t[c] = 0xff
		}
	}
	return t
}

// IsToken reports whether c may stand in an HTTP token (method, field name).
func IsToken(c byte) bool { return classes[c]&classToken != 0 }

// IsDigit reports whether c is 0-9.
func IsDigit(c byte) bool { return classes[c]&classDigit != 0 }

// IsHex reports whether c is a hexadecimal digit of either case.
func IsHex(c byte) bool { return classes[c]&classHex != 0 }

// IsAlpha reports whether c is a letter A-Z or a-z.
func IsAlpha(c byte) bool { return classes[c]&classAlpha != 0 }

// IsSpace reports whether c is white space as C's isspace sees it in the POSIX
// locale, which is what httpd's configuration reader splits on.
func IsSpace(c byte) bool { return classes[c]&classSpace != 0 }

// IsVisible reports whether c is a printing character other than the blank.
func IsVisible(c byte) bool { return classes[c]&classVisible != 0 }

// IsControl reports whether c is a control character, DEL included.
func IsControl(c byte) bool { return classes[c]&classControl != 0 }

// IsBlank reports whether c is a space or a tab (RFC 9110 OWS).
func IsBlank(c byte) bool { return c == ' ' || c == '\t' }

// Lower folds one byte.
func Lower(c byte) byte { return lower[c] }

// Unhex is the value of the hexadecimal digit c; ok is false for other bytes.
func Unhex(c byte) (v byte, ok bool) {
	v = unhex[c]
	return v, v != 0xff
}

// text is what the comparisons accept: borrowed bytes or strings.
type text interface{ ~string | ~[]byte }

func equalFold[A, B text](a A, b B) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower[a[i]] != lower[b[i]] {
			return false
		}
	}
	return true
}

// EqualFold reports whether a and b are the same but for the case of ASCII letters.
func EqualFold(a, b string) bool { return equalFold(a, b) }

// EqualFoldBytes is EqualFold for a borrowed slice.
func EqualFoldBytes[B text](a []byte, b B) bool { return equalFold(a, b) }

// HasPrefixFold reports whether s begins with prefix, ignoring ASCII case.
func HasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && equalFold(s[:len(prefix)], prefix)
}

// HasPrefixFoldBytes is HasPrefixFold for a borrowed slice.
func HasPrefixFoldBytes(s []byte, prefix string) bool {
	return len(s) >= len(prefix) && equalFold(s[:len(prefix)], prefix)
}

// HasSuffixFold reports whether s ends in suffix, ignoring ASCII case.
func HasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && equalFold(s[len(s)-len(suffix):], suffix)
}

// CompareFold orders a and b by their folded bytes: negative, zero, positive.
func CompareFold(a, b string) int {
	for i := range min(len(a), len(b)) {
		if d := int(lower[a[i]]) - int(lower[b[i]]); d != 0 {
			return d
		}
	}
	return len(a) - len(b)
}

// AppendLower appends s folded to dst.
func AppendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		dst = append(dst, lower[s[i]])
	}
	return dst
}

// LowerBytes folds b in place.
func LowerBytes(b []byte) {
	for i, c := range b {
		b[i] = lower[c]
	}
}

// ToLower folds s; it returns s itself when there is nothing to fold.
func ToLower(s string) string {
	for i := range len(s) {
		if lower[s[i]] != s[i] {
			return string(AppendLower(make([]byte, 0, len(s)), s))
		}
	}
	return s
}

// IsTokenString reports whether s is a non-empty HTTP token.
func IsTokenString(s string) bool {
	for i := range len(s) {
		if classes[s[i]]&classToken == 0 {
			return false
		}
	}
	return s != ""
}

// IsTokenBytes is IsTokenString for a borrowed slice.
func IsTokenBytes(b []byte) bool {
	for _, c := range b {
		if classes[c]&classToken == 0 {
			return false
		}
	}
	return len(b) != 0
}

// TrimSpace cuts white space (IsSpace) off both ends of s.
func TrimSpace(s string) string { return TrimRightSpace(TrimLeftSpace(s)) }

// TrimLeftSpace cuts leading white space (IsSpace) off s.
func TrimLeftSpace(s string) string {
	for s != "" && IsSpace(s[0]) {
		s = s[1:]
	}
	return s
}

// TrimRightSpace cuts trailing white space (IsSpace) off s.
func TrimRightSpace(s string) string {
	for s != "" && IsSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}
