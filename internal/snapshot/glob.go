package snapshot

// globMatch is fnmatch: * ? [set] and backslash. With path set, wildcards do
// not match a slash.
func globMatch(pattern string, s []byte, path bool) bool {
	for len(pattern) > 0 {
		switch pattern[0] {
		case '*':
			return globStar(pattern, s, path)
		case '?':
			if len(s) == 0 || (path && s[0] == '/') {
				return false
			}
			pattern = pattern[1:]
		case '[':
			rest, ok := globSet(pattern, s, path)
			if !ok {
				return false
			}
			pattern = rest
		default:
			if pattern[0] == '\\' && len(pattern) > 1 {
				pattern = pattern[1:]
			}
			if len(s) == 0 || s[0] != pattern[0] {
				return false
			}
			pattern = pattern[1:]
		}
		s = s[1:]
	}
	return len(s) == 0
}

func globStar(pattern string, s []byte, path bool) bool {
	for len(pattern) > 0 && pattern[0] == '*' {
		pattern = pattern[1:]
	}
	for i := 0; ; i++ {
		if globMatch(pattern, s[i:], path) {
			return true
		}
		if i == len(s) || (path && s[i] == '/') {
			return false
		}
	}
}

// globSet matches one byte against a bracket set and gives the pattern after
// it. A set without end matches nothing.
func globSet(pattern string, s []byte, path bool) (rest string, ok bool) {
	if len(s) == 0 || (path && s[0] == '/') {
		return "", false
	}
	i, negate, hit := 1, false, false
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		negate = true
		i++
	}
	for start := i; i < len(pattern) && (pattern[i] != ']' || i == start); i++ {
		lo := pattern[i]
		hi := lo
		if i+2 < len(pattern) && pattern[i+1] == '-' && pattern[i+2] != ']' {
			hi = pattern[i+2]
			i += 2
		}
		hit = hit || (lo <= s[0] && s[0] <= hi)
	}
	if i >= len(pattern) {
		return "", false
	}
	return pattern[i+1:], hit != negate
}
