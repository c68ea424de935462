package wire

import "bytes"

// SplitAuthority splits host[:port] and reports whether it is valid. The host
// is what httpd's strict check accepts: letters, digits, dot, hyphen and
// underscore with no empty label, an IPv4 address, or an IPv6 address with its
// brackets. No user information, no zone, no empty port, no port 0. Port is nil
// when there is none.
func SplitAuthority(a []byte) (host, port []byte, ok bool) {
	if len(a) > 0 && a[0] == '[' {
		end := bytes.IndexByte(a, ']')
		if end < 0 || !validIPv6(a[1:end]) {
			return nil, nil, false
		}
		host, port = a[:end+1:end+1], a[end+1:]
	} else {
		i := plainName(a)
		plain := i > 0 && class[a[i-1]]&(isLabel|isDigit) == isLabel
		for i < len(a) && class[a[i]]&isHost != 0 {
			i, plain = i+1, false
		}
		host, port = a[:i:i], a[i:]
		// A last label that ends in a letter is not a number.
		if !plain && !validName(host) {
			return nil, nil, false
		}
	}
	if len(port) == 0 {
		return host, nil, true
	}
	if port[0] != ':' || !validPort(port[1:]) {
		return nil, nil, false
	}
	return host, port[1:], true
}

// plainName returns the end of the bytes at the start of a that are host bytes
// without an empty label: usually the whole host.
func plainName(a []byte) int {
	i := 0
	for i < len(a) && (class[a[i]]&isLabel != 0 || (a[i] == '.' && i > 0 && a[i-1] != '.')) {
		i++
	}
	return i
}

// validPort accepts 1 to 65535 in digits.
func validPort(p []byte) bool {
	n := 0
	for _, c := range p {
		if class[c]&isDigit == 0 {
			return false
		}
		if n = n*10 + int(c-'0'); n > 65535 {
			return false
		}
	}
	return n > 0
}

// validName checks a host of host bytes: labels between single dots; one dot
// may begin or end it. A name whose last label is a number must be a plain IPv4
// address, so that no other reader finds another address in it.
func validName(h []byte) bool {
	if len(h) == 0 || (len(h) == 1 && h[0] == '.') {
		return false
	}
	last := 0 // start of the last label
	digits, dots, zeros := true, 0, false
	for i, c := range h {
		switch {
		case c == '.':
			if i+1 == len(h) {
				break
			}
			if h[i+1] == '.' {
				return false
			}
			dots++
			last = i + 1
		case class[c]&isDigit == 0:
			digits = false
		case c == '0' && i == last && i+1 < len(h) && class[h[i+1]]&isDigit != 0:
			zeros = true
		}
	}
	if !numeric(h[last:]) {
		return true
	}
	return digits && dots == 3 && !zeros && h[0] != '.'
}

// numeric reports whether a label is a number; a dot may end it.
func numeric(label []byte) bool {
	if n := len(label); n > 0 && label[n-1] == '.' {
		label = label[:n-1]
	}
	for _, c := range label {
		if class[c]&isDigit == 0 {
			return false
		}
	}
	return len(label) > 0
}

// validIPv6 checks an address without its brackets (RFC 3986 section 3.2.2):
// eight groups of up to four hexadecimal digits, one run of zeros left out with
// "::", the last two groups optionally as IPv4.
func validIPv6(a []byte) bool {
	groups, gap := 0, false
	if len(a) >= 2 && a[0] == ':' && a[1] == ':' {
		gap = true
		a = a[2:]
	}
	for len(a) > 0 {
		n := 0
		for n < len(a) && class[a[n]]&isHex != 0 {
			n++
		}
		if n < len(a) && a[n] == '.' {
			if !validIPv4(a) {
				return false
			}
			groups += 2
			break
		}
		if n == 0 || n > 4 {
			return false
		}
		groups++
		if a = a[n:]; len(a) == 0 {
			break
		}
		if a[0] != ':' || len(a) == 1 {
			return false
		}
		if a = a[1:]; a[0] == ':' {
			if gap {
				return false
			}
			gap = true
			a = a[1:]
		}
	}
	if gap {
		return groups < 8
	}
	return groups == 8
}

// validIPv4 checks four numbers up to 255 without leading zeros.
func validIPv4(a []byte) bool {
	for part := 0; part < 4; part++ {
		n, v := 0, 0
		for n < len(a) && n < 3 && class[a[n]]&isDigit != 0 {
			v = v*10 + int(a[n]-'0')
			n++
		}
		if n == 0 || v > 255 || (n > 1 && a[0] == '0') {
			return false
		}
		if a = a[n:]; part == 3 {
			return len(a) == 0
		}
		if len(a) == 0 || a[0] != '.' {
			return false
		}
		a = a[1:]
	}
	return false
}
