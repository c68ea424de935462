package uri

import "bytes"

// AppendCanon appends a decoded path encoded for a backend: letters, digits and
// ~$-_.+!*'(),;:@&=/ are unchanged, everything else becomes %XX.
//
// With keepSlashes (AllowEncodedSlashes NoDecode) an escape of a slash is
// unchanged.
//
// httpd: in that mode the decoded path cannot tell %252F from %2F, which goes
// out as %2F, and a percent sign not followed by two digits is refused.
func AppendCanon(dst, path []byte, keepSlashes bool) ([]byte, error) {
	start := 0
	for i := 0; i < len(path); i++ {
		c := path[i]
		if classes[c]&literal != 0 {
			continue
		}
		if c == '%' && keepSlashes {
			d, ok := escaped(path, i)
			if !ok {
				return nil, ErrEscape
			}
			if d == '/' {
				i += 2
				continue
			}
		}
		dst = append(dst, path[start:i]...)
		dst = appendEscaped(dst, c, upperHex)
		start = i + 1
	}
	return append(dst, path[start:]...), nil
}

// CanonLen returns enough room for AppendCanon: the length of path with every
// byte that is not literal encoded.
func CanonLen(path []byte) int {
	n := len(path)
	for _, c := range path {
		if classes[c]&literal == 0 {
			n += 2
		}
	}
	return n
}

// AppendLocation appends a path escaped for a Location, a redirect or a link:
// the same characters as in AppendCanon stay literal, the digits are in lower
// case. A relative path with a colon in its first segment gets "./" before it,
// so that the segment does not read as a scheme.
//
// httpd: ap_os_escape_path with partial off; AppendURI is the same without.
func AppendLocation(dst, path []byte) []byte {
	if colon := bytes.IndexByte(path, ':'); colon >= 0 {
		if slash := bytes.IndexByte(path, '/'); slash < 0 || colon < slash {
			dst = append(dst, "./"...)
		}
	}
	return AppendURI(dst, path)
}

// AppendURI appends a path or URL escaped as AppendLocation does, without the
// guard for colons (ap_escape_uri).
func AppendURI(dst, path []byte) []byte {
	for _, c := range path {
		if classes[c]&literal != 0 {
			dst = append(dst, c)
		} else {
			dst = appendEscaped(dst, c, lowerHex)
		}
	}
	return dst
}

// AppendHTML appends text for an HTML page: & < > and the double quote become
// entities.
func AppendHTML(dst, text []byte) []byte {
	for _, c := range text {
		switch {
		case classes[c]&markup == 0:
			dst = append(dst, c)
		case c == '<':
			dst = append(dst, "&lt;"...)
		case c == '>':
			dst = append(dst, "&gt;"...)
		case c == '&':
			dst = append(dst, "&amp;"...)
		default:
			dst = append(dst, "&quot;"...)
		}
	}
	return dst
}
