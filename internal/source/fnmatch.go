package source

// hasWildcard is apr_fnmatch_test: whether s holds *, ? or a complete [...].
func hasWildcard(s string) bool {
	bracket := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '*', '?':
			return true
		case '\\':
			i++
		case '[':
			bracket = true
		case ']':
			if bracket {
				return true
			}
		}
	}
	return false
}

// fnmatch matches one path component as fnmatch does with FNM_PERIOD: a leading
// period is matched by a period only.
func fnmatch(pattern, name string) bool {
	if name != "" && name[0] == '.' && (pattern == "" || pattern[0] != '.' && pattern[0] != '\\') {
		return false
	}
	return match(pattern, name)
}

// match is fnmatch without the rule about periods.
func match(pattern, name string) bool {
	// On a mismatch after a star, retry with the star eating one byte more;
	// only the last star can matter.
	p, n, starP, starN := 0, 0, -1, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			starP, starN = p, n
			p++
			continue
		}
		if p < len(pattern) {
			if width, ok := matchOne(pattern[p:], name[n]); ok {
				p += width
				n++
				continue
			}
		}
		if starP < 0 {
			return false
		}
		starN++
		p, n = starP+1, starN
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchOne matches c with the first element of pattern, which is width bytes wide.
func matchOne(pattern string, c byte) (width int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, true
	case '\\':
		if len(pattern) > 1 {
			return 2, pattern[1] == c
		}
	case '[':
		if w, in, closed := matchSet(pattern, c); closed {
			return w, in
		}
	}
	return 1, pattern[0] == c
}

// matchSet matches c with [...], [!...] or [^...]; closed is false when there
// is no closing bracket and '[' stands for itself.
func matchSet(pattern string, c byte) (width int, in, closed bool) {
	i := 1
	not := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if not {
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, in != not, true
		}
		lo, next := setByte(pattern, i)
		hi := lo
		if next+1 < len(pattern) && pattern[next] == '-' && pattern[next+1] != ']' {
			hi, next = setByte(pattern, next+1)
		}
		in = in || lo <= c && c <= hi
		i = next
	}
	return 0, false, false
}

// setByte is the byte at i of a set, a backslash protecting it, and what follows.
func setByte(pattern string, i int) (c byte, next int) {
	if pattern[i] == '\\' && i+1 < len(pattern) {
		return pattern[i+1], i + 2
	}
	return pattern[i], i + 1
}
