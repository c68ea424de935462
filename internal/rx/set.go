package rx

import "unicode"

// set is a set of bytes.
type set [4]uint64

func (s *set) add(b byte)      { s[b>>6] |= 1 << (b & 63) }
func (s *set) has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

func (s *set) addRange(lo, hi byte) {
	for c := int(lo); c <= int(hi); c++ {
		s.add(byte(c))
	}
}

func (s *set) union(t set) {
	for i := range s {
		s[i] |= t[i]
	}
}

func (s set) complement() set {
	for i := range s {
		s[i] = ^s[i]
	}
	return s
}

// folded returns s with the other case of each ASCII letter in it.
func (s set) folded() set {
	out := s
	for c := byte('a'); c <= 'z'; c++ {
		if s.has(c) || s.has(c-32) {
			out.add(c)
			out.add(c - 32)
		}
	}
	return out
}

// only returns the single byte of s, if it has exactly one.
func (s *set) only() (byte, bool) {
	n, b := 0, byte(0)
	for c := 0; c < 256; c++ {
		if s.has(byte(c)) {
			n, b = n+1, byte(c)
		}
	}
	return b, n == 1
}

func (s *set) full() bool  { return *s == set{}.complement() }
func (s *set) empty() bool { return *s == set{} }

// bytesOf returns the set of the bytes of chars and of the lo-hi pairs in ranges.
func bytesOf(chars, ranges string) (s set) {
	for i := 0; i < len(chars); i++ {
		s.add(chars[i])
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		s.addRange(ranges[i], ranges[i+1])
	}
	return s
}

// escapeSet returns the set of a class escape such as \d or \H.
func escapeSet(c byte) (s set, ok bool) {
	switch c | 0x20 {
	case 'd':
		s = bytesOf("", "09")
	case 'w':
		s = bytesOf("_", "09AZaz")
	case 's':
		s = bytesOf(" ", "\t\r")
	case 'h':
		s = bytesOf("\t \xa0", "")
	case 'v':
		s = bytesOf("\x85", "\n\r")
	default:
		return s, false
	}
	if c < 'a' {
		s = s.complement()
	}
	return s, true
}

// posixSet returns the set of a POSIX class name, as in the C locale.
func posixSet(name string) (s set, ok bool) {
	switch name {
	case "alpha":
		s = bytesOf("", "AZaz")
	case "lower":
		s = bytesOf("", "az")
	case "upper":
		s = bytesOf("", "AZ")
	case "alnum":
		s = bytesOf("", "09AZaz")
	case "ascii":
		s = bytesOf("", "\x00\x7f")
	case "blank":
		s = bytesOf("\t ", "")
	case "cntrl":
		s = bytesOf("\x7f", "\x00\x1f")
	case "digit":
		s = bytesOf("", "09")
	case "graph":
		s = bytesOf("", "!~")
	case "print":
		s = bytesOf("", " ~")
	case "punct":
		s = bytesOf("", "!/:@[`{~")
	case "space":
		s = bytesOf(" ", "\t\r")
	case "word":
		s = bytesOf("_", "09AZaz")
	case "xdigit":
		s = bytesOf("", "09AFaf")
	default:
		return s, false
	}
	return s, true
}

// propertySet returns the bytes that, read as Latin-1, have a Unicode property.
func propertySet(name string) (s set, ok bool) {
	var tables []*unicode.RangeTable
	switch {
	case name == "Any":
		return s.complement(), true
	case name == "L&":
		tables = []*unicode.RangeTable{unicode.Lu, unicode.Ll, unicode.Lt}
	case unicode.Categories[name] != nil:
		tables = []*unicode.RangeTable{unicode.Categories[name]}
	case unicode.Scripts[name] != nil:
		tables = []*unicode.RangeTable{unicode.Scripts[name]}
	default:
		return s, false
	}
	for c := 0; c < 256; c++ {
		if unicode.In(rune(c), tables...) {
			s.add(byte(c))
		}
	}
	return s, true
}
