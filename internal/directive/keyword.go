package directive

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// keywordHint returns the word of the directive's grammar that one of its
// arguments was probably meant to be, "" if none is close.
func (c *Call) keywordHint() string {
	known := append(keywords(c.Row.Usage), c.Row.Words...)
	for _, arg := range c.Args {
		word := strings.TrimLeft(arg, "+-")
		if _, after, ok := strings.Cut(word, ":"); ok {
			word = after
		}
		if hint := syntax.DidYouMean(word, known); word != "" && hint != "" {
			return hint
		}
	}
	return ""
}

// keywords returns the words of a grammar that are written literally: those
// with a bar between them. Min[imal] is Min and Minimal.
func keywords(usage string) []string {
	var out []string
	for part := range strings.FieldsSeq(usage) {
		if !strings.Contains(part, "|") {
			continue
		}
		for word := range strings.SplitSeq(strings.Trim(part, "[]()."), "|") {
			short, rest, _ := strings.Cut(word, "[")
			short = strings.Trim(short, "]()")
			if !isKeyword(short) {
				continue
			}
			out = append(out, short)
			if long := strings.TrimSuffix(rest, "]"); isKeyword(long) {
				out = append(out, short+long)
			}
		}
	}
	return out
}

// isKeyword tells a word from a sign or a placeholder with punctuation in it.
func isKeyword(s string) bool {
	for i := range len(s) {
		if c := ascii.Lower(s[i]); (c < 'a' || c > 'z') && !ascii.IsDigit(c) && c != '-' && c != '_' && c != ',' {
			return false
		}
	}
	return len(s) > 1
}
