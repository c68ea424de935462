package corpus

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

var (
	byPath    = regexp.MustCompile(`(?i)^\s*(?:ProxyPass|ProxyPassReverse|Alias|Redirect\s+\w+|Redirect|<Location)\s+"?(/[^\s">]*)`)
	byPattern = regexp.MustCompile(`(?i)^\s*(?:ProxyPassMatch|RedirectMatch\s+\w+|RedirectMatch|AliasMatch|<LocationMatch|<Location\s+~|RewriteRule)\s+(?:"([^"]*)"|([^\s>]+))`)
	byURI     = regexp.MustCompile(`(?i)^\s*RewriteCond\s+"?%\{REQUEST_URI\}"?\s+(?:"([^"]*)"|(\S+))`)
	tidy      = regexp.MustCompile(`[^\x21-\x7e]`)
)

// pathsOf returns the paths that a line is about: those it names, and for its patterns one that matches.
func pathsOf(l string) (paths []string) {
	if m := byPath.FindStringSubmatch(l); m != nil {
		paths = append(paths, m[1])
		if strings.HasSuffix(m[1], "/") {
			paths = append(paths, m[1]+"x/y.html?q=a%2Fb")
		} else {
			paths = append(paths, m[1]+"/x?q=1")
		}
	}
	for _, re := range []*regexp.Regexp{byPattern, byURI} {
		if m := re.FindStringSubmatch(l); m != nil {
			pattern := strings.TrimPrefix(m[1]+m[2], "!")
			if s, ok := sample(pattern); ok {
				paths = append(paths, s)
			}
		}
	}
	for i, p := range paths {
		p = tidy.ReplaceAllString(p, "_")
		if strings.ContainsAny(p, "${}\\") {
			p = "/"
		}
		paths[i] = "/" + strings.TrimLeft(p, "/")
	}
	return paths
}

// sample returns a text that a pattern matches.
func sample(pattern string) (string, bool) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	var b strings.Builder
	write(&b, re.Simplify())
	return b.String(), true
}

func write(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(friendly(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('z')
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat, syntax.OpCapture:
		write(b, re.Sub[0])
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			write(b, sub)
		}
	case syntax.OpAlternate:
		write(b, re.Sub[0])
	}
}

// friendly returns a letter or digit of a class, else its first character.
func friendly(ranges []rune) rune {
	for i := 0; i+1 < len(ranges); i += 2 {
		for _, c := range "a1Z" {
			if ranges[i] <= c && c <= ranges[i+1] {
				return c
			}
		}
	}
	if len(ranges) > 0 {
		return ranges[0]
	}
	return 'z'
}
