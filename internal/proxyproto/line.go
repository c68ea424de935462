package proxyproto

import (
	"bytes"
	"net/netip"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/subnet"
)

// parseLine reads the words of version 1:
//
//	PROXY TCP4|TCP6|UNKNOWN client-address destination-address client-port destination-port
//
// httpd: any number of blanks separates them, the destination's are not looked at,
// and its port may be missing.
func parseLine(line []byte) (h Header, err error) {
	rest := line[len(signature1):]
	family, rest := word(rest)
	switch string(family) {
	case "":
		return h, missing("family", line)
	case "UNKNOWN":
		return h, nil
	case "TCP4", "TCP6":
	default:
		return h, bad("AH03499", "unknown family '%s' in header '%s'", family, line)
	}
	client, rest := word(rest)
	if len(client) == 0 {
		return h, missing("client-address", line)
	}
	if !plain(client, string(family) == "TCP6") {
		return h, bad("AH03500", "invalid client-address '%s' found in header '%s'", client, line)
	}
	destination, rest := word(rest)
	if len(destination) == 0 {
		return h, missing("destination-address", line)
	}
	digits, _ := word(rest)
	if len(digits) == 0 {
		return h, missing("client-port", line)
	}
	port, ok := parsePort(digits)
	if !ok {
		return h, bad("AH03501", "error parsing port '%s' in header '%s'", digits, line)
	}
	// Names are never looked up: they could be of digits alone.
	a, ok := subnet.ParseNumeric(client)
	if !ok || a.Is4() != (string(family) == "TCP4") {
		return h, bad("AH03502", "error converting family '%s', host '%s', and port '%d' to an address; header was '%s'", family, client, port, line)
	}
	return Header{Client: netip.AddrPortFrom(a.Unmap(), port), Text: client}, nil
}

func missing(what string, line []byte) error {
	return bad("AH03497", "no %s found in header '%s'", what, line)
}

// word returns the next word and what follows it.
func word(s []byte) (w, rest []byte) {
	s = bytes.TrimLeft(s, " ")
	if i := bytes.IndexByte(s, ' '); i >= 0 {
		return s[:i], s[i:]
	}
	return s, nil
}

// plain reports whether an address has no characters but those of its family.
func plain(s []byte, six bool) bool {
	for _, c := range s {
		if !ascii.IsDigit(c) && c != '.' && !(six && (c == ':' || 'a' <= c|0x20 && c|0x20 <= 'f')) {
			return false
		}
	}
	return true
}

// parsePort reads a port as scanf does with %hu: a sign, digits, whatever, and 16
// bits of it.
func parsePort(s []byte) (uint16, bool) {
	s = bytes.TrimLeft(s, "\t\n\v\f\r ")
	negative := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		negative = s[0] == '-'
		s = s[1:]
	}
	n, v, over := 0, uint64(0), false
	for ; n < len(s) && ascii.IsDigit(s[n]); n++ {
		d := uint64(s[n] - '0')
		over = over || v > (1<<64-1-d)/10
		v = v*10 + d
	}
	switch {
	case over:
		v = 1<<64 - 1
	case negative:
		v = -v
	}
	return uint16(v), n > 0
}
