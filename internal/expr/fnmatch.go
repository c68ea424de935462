package expr

// fnmatch reports whether a shell pattern matches the whole of s. With path set,
// no wildcard matches a slash. A backslash takes the byte after it as it is, and
// a bracket that is never closed is a plain one.
//
// Only the last star needs another try: an earlier one could give nothing that
// the later cannot take. The work is at most len(pattern)*len(s).
func fnmatch(pattern, s []byte, path, fold bool) bool {
	p, i := 0, 0
	starP, starI := -1, 0
	for {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			starP, starI = p, i
			continue
		}
		if i == len(s) {
			if p == len(pattern) {
				return true
			}
		} else if p < len(pattern) {
			if size, ok := fnmatchOne(pattern[p:], s[i], path, fold); ok {
				p, i = p+size, i+1
				continue
			}
		}
		if starP < 0 || starI >= len(s) || path && s[starI] == '/' {
			return false
		}
		starI++
		p, i = starP, starI
	}
}

// fnmatchOne matches one byte with the first item of pattern and returns the
// size of the item.
func fnmatchOne(pattern []byte, c byte, path, fold bool) (size int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, !path || c != '/'
	case '[':
		if size, ok = bracket(pattern, c, fold); size > 0 {
			return size, ok && (!path || c != '/')
		}
	case '\\':
		if len(pattern) > 1 {
			return 2, sameByte(pattern[1], c, fold)
		}
	}
	return 1, sameByte(pattern[0], c, fold)
}

func sameByte(a, b byte, fold bool) bool {
	return a == b || fold && isAlpha(a) && a^b == 0x20
}

// bracket matches c with [...]; size is 0 when there is no closing bracket.
func bracket(pattern []byte, c byte, fold bool) (size int, ok bool) {
	i, negated := 1, false
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		i, negated = i+1, true
	}
	take := func() (b byte) {
		if pattern[i] == '\\' && i+1 < len(pattern) {
			i++
		}
		b = pattern[i]
		i++
		return b
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, ok != negated
		}
		lo := take()
		hi := lo
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			i++
			hi = take()
		}
		ok = ok || inRange(c, lo, hi, fold)
	}
	return 0, false
}

func inRange(c, lo, hi byte, fold bool) bool {
	if c >= lo && c <= hi {
		return true
	}
	other := c ^ 0x20
	return fold && isAlpha(c) && other >= lo && other <= hi
}
