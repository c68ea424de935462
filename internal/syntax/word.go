package syntax

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Word takes the first word off s and returns it with the rest, without leading
// white space. It is httpd's ap_getword_conf: a word may be quoted with " or ',
// inside which a backslash escapes the quote and itself; outside quotes a
// backslash escapes only itself. An unterminated quote reaches to the end of s.
// The word is empty at the end of s, and also for "".
func Word(s string) (word, rest string) {
	s = ascii.TrimLeftSpace(s)
	if s == "" {
		return "", ""
	}
	if q := s[0]; q == '"' || q == '\'' {
		end := quotedEnd(s, q)
		word = unescape(s[1:end], q)
		return word, ascii.TrimLeftSpace(s[min(end+1, len(s)):])
	}
	end := 0
	for end < len(s) && !ascii.IsSpace(s[end]) {
		end++
	}
	return unescape(s[:end], 0), ascii.TrimLeftSpace(s[end:])
}

// quotedEnd returns the index of the quote that ends the quoted word at the
// start of s, or len(s) when there is none.
func quotedEnd(s string, q byte) int {
	i := 1
	for i < len(s) && s[i] != q {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == q || s[i+1] == '\\') {
			i++
		}
		i++
	}
	return min(i, len(s))
}

// unescape replaces \\ and, with a quote, \quote.
func unescape(s string, q byte) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (s[i+1] == '\\' || q != 0 && s[i+1] == q) {
			i++
		}
		out = append(out, s[i])
	}
	return string(out)
}

// Words splits args into all its words. Empty words ("") are kept, as httpd's
// argument vectors keep them.
func Words(args string) []string {
	var out []string
	for rest := ascii.TrimLeftSpace(args); rest != ""; {
		var w string
		w, rest = Word(rest)
		out = append(out, w)
	}
	return out
}

// Quote writes word so that Word reads it back: without quotes where possible,
// else in double quotes.
func Quote(word string) string {
	bare := word != "" && word[0] != '"' && word[0] != '\'' && word[0] != '#'
	for i := 0; i < len(word) && bare; i++ {
		bare = !ascii.IsSpace(word[i])
	}
	escaped := strings.ReplaceAll(word, `\`, `\\`)
	if bare {
		return escaped
	}
	return `"` + strings.ReplaceAll(escaped, `"`, `\"`) + `"`
}
