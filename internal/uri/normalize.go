package uri

import "bytes"

// Slashes is AllowEncodedSlashes.
type Slashes uint8

// The values of AllowEncodedSlashes.
const (
	SlashesOff      Slashes = iota // an encoded slash is refused
	SlashesOn                      // it becomes a slash
	SlashesNoDecode                // it stays encoded
)

// Options are the settings of the configuration for request paths.
type Options struct {
	Slashes Slashes
	Merge   bool // MergeSlashes
}

// Normalize turns a raw request path into the path that sections and rules
// match: dot segments resolved, slashes merged, everything decoded once. The
// result is raw itself when nothing had to change, else it is in buf, which
// needs no more room than len(raw). The error is an *Error.
func Normalize(buf, raw []byte, o Options) ([]byte, error) {
	p, err := Clean(buf, raw, o.Merge)
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(p, '%') < 0 {
		return p, nil
	}
	return Decode(buf, p, o)
}

// Clean is the first half of Normalize. It returns the path that rules with
// mapping=encoded match: unreserved characters decoded, dot segments resolved,
// slashes merged if merge is set; all else stays encoded. A second Clean
// changes nothing, except that decoded characters may form a new escape.
func Clean(buf, raw []byte, merge bool) ([]byte, error) {
	if len(raw) == 0 || raw[0] != '/' {
		return nil, ErrNoSlash
	}
	at := dirty(raw, merge)
	if at < 0 {
		return raw, nil
	}
	out, err := decodeUnreserved(append(buf[:0], raw[:at]...), raw[at:])
	if err != nil {
		return nil, err
	}
	out, above := resolveDots(out, merge)
	if above {
		return nil, ErrAboveRoot
	}
	return out, nil
}

// Plain reports whether path equals its normal form, so that it needs no
// buffer. It may return false for a path that would not change.
func Plain(path []byte) bool {
	if len(path) == 0 || path[0] != '/' {
		return false
	}
	before := byte(0)
	for _, c := range path {
		if c == '%' || before == '/' && (c == '/' || c == '.') {
			return false
		}
		before = c
	}
	return true
}

// Decode is the second half of Normalize: it decodes what Clean left encoded.
// buf may share memory with p.
//
// If decoded slashes form new dot segments these are resolved too, so that the
// authorised path is the one the backend sees. httpd does so as well, but
// treats a path that climbs above the root as the root.
func Decode(buf, p []byte, o Options) ([]byte, error) {
	at := bytes.IndexByte(p, '%')
	if at < 0 {
		return p, nil
	}
	out, slashes, err := unescape(append(buf[:0], p[:at]...), p[at:], o.Slashes)
	if err != nil {
		return nil, err
	}
	if !slashes {
		return out, nil
	}
	out, above := resolveDots(out, o.Merge)
	if above {
		return nil, ErrAboveRoot
	}
	return out, nil
}

// Shown is what logs and pages show of p, a path that Clean has made and Decode
// refuses: decoded, up to a zero byte (httpd: ap_unescape_url goes on to the end,
// and what it has made is a C string); p itself where an escape is malformed. Not
// for anything that is then looked up or forwarded.
func Shown(buf, p []byte) []byte {
	out, _, err := unescape(buf[:0], p, SlashesOn)
	if out == nil {
		return p
	}
	if err != nil {
		out, _, _ = bytes.Cut(out, []byte{0})
	}
	return out
}

// Unescape decodes p without resolving dot segments, for mappings that match
// the undecoded path. The error says that p is malformed or not allowed.
func Unescape(buf, p []byte, s Slashes) ([]byte, error) {
	at := bytes.IndexByte(p, '%')
	if at < 0 {
		return p, nil
	}
	out, _, err := unescape(append(buf[:0], p[:at]...), p[at:], s)
	return out, err
}

// dirty returns the index from which raw has to be processed byte by byte, -1
// when it is clean.
func dirty(raw []byte, merge bool) int {
	for i, c := range raw {
		switch {
		case c == '%':
			return i
		case c != '/' || i+1 == len(raw):
		case raw[i+1] == '/' && merge, raw[i+1] == '.' && dotSegment(raw[i+1:]) > 0:
			return i
		}
	}
	return -1
}

// dotSegment returns the length of the dot segment at the start of p, 0 when
// there is none.
func dotSegment(p []byte) int {
	n := 0
	for n < len(p) && n < 3 && p[n] == '.' {
		n++
	}
	if n > 2 || (n < len(p) && p[n] != '/') {
		return 0
	}
	return n
}

// decodeUnreserved appends p with its unreserved characters decoded (RFC 3986
// section 6.2.2.2). It writes no more than it has read, so dst may be in front
// of p in the same array.
func decodeUnreserved(dst, p []byte) ([]byte, error) {
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c != '%' {
			dst = append(dst, c)
			continue
		}
		d, ok := escaped(p, i)
		if !ok {
			return nil, ErrEscape
		}
		if classes[d]&unreserved != 0 {
			dst = append(dst, d)
		} else {
			dst = append(dst, c, p[i+1], p[i+2])
		}
		i += 2
	}
	return dst, nil
}

// resolveDots resolves dot segments and merges slashes in place. above reports
// that a segment climbed above the root, where it was ignored.
func resolveDots(p []byte, merge bool) (out []byte, above bool) {
	w := 1
	for l := 1; l < len(p); {
		if p[w-1] == '/' {
			if merge && p[l] == '/' {
				l++
				continue
			}
			if n := dotSegment(p[l:]); n > 0 {
				if n == 2 && w == 1 {
					above = true
				} else if n == 2 {
					for w--; p[w-1] != '/'; w-- {
					}
				}
				l += n + 1
				continue
			}
		}
		p[w] = p[l]
		w++
		l++
	}
	return p[:w], above
}

// unescape appends p decoded. slashes reports that one of the decoded bytes was
// a slash. A malformed escape takes precedence over one that is not allowed.
func unescape(dst, p []byte, s Slashes) (out []byte, slashes bool, err error) {
	var refused error
	for i := 0; i < len(p); i++ {
		c := p[i]
		if c != '%' {
			dst = append(dst, c)
			continue
		}
		d, ok := escaped(p, i)
		switch {
		case !ok:
			return nil, false, ErrEscape
		case d == 0:
			dst = append(dst, d)
			refused = ErrEncodedNul
		case d == '/' && s == SlashesOff:
			refused = ErrEncodedSlash
		case d == '/' && s == SlashesNoDecode:
			dst = append(dst, c, p[i+1], p[i+2])
		default:
			slashes = slashes || d == '/'
			dst = append(dst, d)
		}
		i += 2
	}
	return dst, slashes, refused
}
