package uri

import "bytes"

// segment is one remaining segment of a path with parameters.
type segment struct {
	start  int // where its text begins, with parameters of empty segments before it
	name   int // where its name begins
	params int // where its parameters begin; its end when it has none
	end    int
}

// typicalDepth is how many segments fit without allocating.
const typicalDepth = 32

// MatchServlet matches a still encoded path against a prefix the way a servlet
// container reads it: parameters (";x=1") are ignored, both when comparing and
// when recognising dot segments. ok is false when it does not match or climbs
// above the root.
//
// plain, appended to dst, is the path without parameters. rest, appended to
// tail, is the text after the prefix, including the parameters of the remaining
// segments. The parameters of the prefix's last segment belong to rest unless
// the prefix ends in a slash or the path ends with it.
func MatchServlet(dst, tail, path []byte, prefix string) (plain, rest []byte, ok bool) {
	if len(path) == 0 || path[0] != '/' || prefix == "" || prefix[0] != '/' {
		return nil, nil, false
	}
	var room [typicalDepth]segment
	segs, slash, ok := readSegments(room[:0], path)
	if !ok {
		return nil, nil, false
	}
	n, ok := matchSegments(segs, path, prefix, slash)
	if !ok {
		return nil, nil, false
	}
	dst = append(dst, '/')
	for i, s := range segs {
		dst = append(dst, path[s.name:s.params]...)
		if i+1 < len(segs) || slash {
			dst = append(dst, '/')
		}
	}
	open := prefix[len(prefix)-1] != '/'
	if n == len(segs) {
		if open && slash {
			tail = append(tail, '/')
		}
		return dst, tail, true
	}
	if open && n > 0 {
		tail = append(tail, path[segs[n-1].params:segs[n-1].end]...)
	}
	for i, s := range segs[n:] {
		if i > 0 || open {
			tail = append(tail, '/')
		}
		tail = append(tail, path[s.start:s.end]...)
	}
	if slash {
		tail = append(tail, '/')
	}
	return dst, tail, true
}

// ServletMatches says whether MatchServlet would match.
func ServletMatches(path []byte, prefix string) bool {
	if len(path) == 0 || path[0] != '/' || prefix == "" || prefix[0] != '/' {
		return false
	}
	var room [typicalDepth]segment
	segs, slash, ok := readSegments(room[:0], path)
	if ok {
		_, ok = matchSegments(segs, path, prefix, slash)
	}
	return ok
}

// readSegments lists the segments that remain after dot segments and empty ones
// are resolved. slash reports that the path ends in one. ok is false when it
// climbs above the root.
func readSegments(segs []segment, path []byte) (out []segment, slash, ok bool) {
	start := 1
	for i := 1; i <= len(path); {
		end := i + indexOrLen(path[i:], '/')
		params := i + indexOrLen(path[i:end], ';')
		slash = true
		switch name := path[i:params]; {
		case len(name) == 0:
			if params == end {
				start = end + 1
			}
		case string(name) == ".":
			start = end + 1
		case string(name) == "..":
			if len(segs) == 0 {
				return nil, false, false
			}
			segs = segs[:len(segs)-1]
			start = end + 1
		default:
			segs = append(segs, segment{start, i, params, end})
			slash = end < len(path)
			start = end + 1
		}
		i = end + 1
	}
	return segs, slash, true
}

// matchSegments returns how many segments prefix covers, if it matches.
func matchSegments(segs []segment, path []byte, prefix string, slash bool) (n int, ok bool) {
	for i := 0; i < len(prefix); {
		if prefix[i] == '/' {
			i++
			continue
		}
		end := i
		for end < len(prefix) && prefix[end] != '/' {
			end++
		}
		if n == len(segs) || string(path[segs[n].name:segs[n].params]) != prefix[i:end] {
			return 0, false
		}
		n++
		i = end
	}
	if prefix[len(prefix)-1] == '/' && n == len(segs) && !slash {
		return 0, false
	}
	return n, true
}

func indexOrLen(p []byte, c byte) int {
	if i := bytes.IndexByte(p, c); i >= 0 {
		return i
	}
	return len(p)
}
