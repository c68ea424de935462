package snapshot

// globMatch is apr_fnmatch: * ? [set] and backslash. With path set, wildcards
// do not match a slash. Of several stars only the last one met is tried again,
// so that the work is bounded by pattern times subject: what an earlier one
// could take, the later one can take too, and a slash they cannot pass aligns
// the rest.
func globMatch(pattern string, s []byte, path bool) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			star, mark = p, i
			continue
		}
		if p < len(pattern) {
			if n, ok := globOne(pattern[p:], s[i], path); ok {
				p += n
				i++
				continue
			}
		}
		if star < 0 || path && s[mark] == '/' {
			return false
		}
		mark++
		p, i = star, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// globOne matches one byte against what begins a pattern, n bytes long.
func globOne(pattern string, c byte, path bool) (n int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, !path || c != '/'
	case '[':
		if n, ok = globSet(pattern, c); n > 0 {
			return n, ok && (!path || c != '/')
		}
	case '\\':
		if len(pattern) > 1 {
			return 2, c == pattern[1]
		}
	}
	return 1, c == pattern[0]
}

// globSet matches one byte against a bracket set of n bytes; n is 0 for a
// bracket without end, which stands for itself.
func globSet(pattern string, c byte) (n int, ok bool) {
	i, negate, hit := 1, false, false
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		negate = true
		i++
	}
	literal := func() byte {
		if pattern[i] == '\\' && i+1 < len(pattern) {
			i++
		}
		return pattern[i]
	}
	for start := i; i < len(pattern); i++ {
		if pattern[i] == ']' && i > start {
			return i + 1, hit != negate
		}
		lo := literal()
		hi := lo
		if i+2 < len(pattern) && pattern[i+1] == '-' && pattern[i+2] != ']' {
			i += 2
			hi = literal()
		}
		hit = hit || lo <= c && c <= hi
	}
	return 0, false
}
