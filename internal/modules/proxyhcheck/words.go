package proxyhcheck

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// braced takes a word off s that may be in {}, which nest; quotes mean nothing
// inside of them. It is httpd's ap_getword_conf2. What is not closed reaches to
// the end of s.
func braced(s string) (word, rest string) {
	if s == "" || s[0] != '{' {
		return syntax.Word(s)
	}
	depth, end := 1, 1
	for ; end < len(s) && depth > 0; end++ {
		switch s[end] {
		case '{':
			depth++
		case '}':
			depth--
		case '\\':
			if end+1 < len(s) && s[end+1] == '\\' {
				end++
			}
		}
	}
	inner := s[1:end]
	if depth == 0 {
		inner = s[1 : end-1]
	}
	return strings.ReplaceAll(inner, `\\`, `\`), ascii.TrimLeftSpace(s[end:])
}

// cut splits key=value.
func cut(w string) (key, value string, ok bool) { return strings.Cut(w, "=") }
