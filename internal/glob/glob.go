package glob

import "github.com/headgate/headgate/internal/ascii"

// Options are the flags of a match.
type Options uint8

// The options.
const (
	Path   Options = 1 << iota // wildcards do not match a slash (APR_FNM_PATHNAME)
	Period                     // wildcards do not match a period that begins the text (APR_FNM_PERIOD)
	Fold                       // ASCII letters match in either case (APR_FNM_CASE_BLIND)
	Simple                     // only * and ? are special (ap_strcmp_match, as ServerAlias has it)
)

type text interface{ ~string | ~[]byte }

// Match reports whether pattern matches the whole of s. A backslash takes the
// byte after it literally. A bracket that is never closed is a plain character.
//
// Only the last star is tried again: giving an earlier star more bytes cannot match
// anything that the later star could not, and a slash that stars cannot cross
// separates the parts. The work is at most len(pattern)*len(s).
func Match[P, S text](pattern P, s S, o Options) bool {
	if o&Period != 0 && len(s) > 0 && s[0] == '.' && (len(pattern) == 0 || pattern[0] != '.' && pattern[0] != '\\') {
		return false
	}
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			star, mark = p, i
			continue
		}
		if p < len(pattern) {
			if size, ok := one(pattern[p:], s[i], o); ok {
				p += size
				i++
				continue
			}
		}
		if star < 0 || o&Path != 0 && s[mark] == '/' {
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

// one matches c with the first item of pattern and returns the length of the
// item.
func one[P text](pattern P, c byte, o Options) (size int, ok bool) {
	switch pattern[0] {
	case '?':
		return 1, o&Path == 0 || c != '/'
	case '[':
		if o&Simple != 0 {
			break
		}
		if size, ok = set(pattern, c, o); size > 0 {
			return size, ok && (o&Path == 0 || c != '/')
		}
	case '\\':
		if o&Simple == 0 && len(pattern) > 1 {
			return 2, same(pattern[1], c, o)
		}
	}
	return 1, same(pattern[0], c, o)
}

func same(a, b byte, o Options) bool {
	return a == b || o&Fold != 0 && ascii.Lower(a) == ascii.Lower(b)
}

// set matches c with [...], [!...] or [^...]. size is 0 when the closing bracket
// is missing.
func set[P text](pattern P, c byte, o Options) (size int, ok bool) {
	i, negated := 1, false
	if i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^') {
		i, negated = i+1, true
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, ok != negated
		}
		lo, next := member(pattern, i)
		hi := lo
		if next+1 < len(pattern) && pattern[next] == '-' && pattern[next+1] != ']' {
			hi, next = member(pattern, next+1)
		}
		ok = ok || within(c, lo, hi, o)
		i = next
	}
	return 0, false
}

// member returns the byte at i of a set, which a backslash may escape, and where
// the next item begins.
func member[P text](pattern P, i int) (c byte, next int) {
	if pattern[i] == '\\' && i+1 < len(pattern) {
		return pattern[i+1], i + 2
	}
	return pattern[i], i + 1
}

func within(c, lo, hi byte, o Options) bool {
	if lo <= c && c <= hi {
		return true
	}
	other := c ^ 0x20
	return o&Fold != 0 && ascii.IsAlpha(c) && lo <= other && other <= hi
}

// HasWildcards reports whether s holds *, ? or a complete [...] (apr_fnmatch_test).
func HasWildcards(s string) bool {
	open := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '*', '?':
			return true
		case '\\':
			i++
		case '[':
			open = true
		case ']':
			if open {
				return true
			}
		}
	}
	return false
}
