package testkit

import (
	"fmt"
	"strconv"
	"strings"
)

// Words splits one command line. A word is bare, or 'literal' (nothing is special inside), or "quoted" with Go's
// escapes (\r \n \x00 ...). Parts without a blank between them are one word. A bare # begins a comment, a bare ; is its own word.
func Words(line string) ([]string, error) {
	var words []string
	i := 0
	for {
		for i < len(line) && (line[i] == ' ' || line[i] == '\t') {
			i++
		}
		switch {
		case i == len(line) || line[i] == '#':
			return words, nil
		case line[i] == ';':
			words = append(words, ";")
			i++
		default:
			w, n, err := word(line[i:])
			if err != nil {
				return nil, fmt.Errorf("%w in %q", err, line)
			}
			words = append(words, w)
			i += n
		}
	}
}

// word reads one word at the beginning of s and returns it with the number of bytes it took.
func word(s string) (string, int, error) {
	var b strings.Builder
	i := 0
	for i < len(s) && !strings.ContainsRune(" \t;", rune(s[i])) {
		switch s[i] {
		case '\'':
			end := strings.IndexByte(s[i+1:], '\'')
			if end < 0 {
				return "", 0, fmt.Errorf("unclosed ' quote")
			}
			b.WriteString(s[i+1 : i+1+end])
			i += end + 2
		case '"':
			q, err := strconv.QuotedPrefix(s[i:])
			if err != nil {
				return "", 0, fmt.Errorf("bad \" quote")
			}
			t, err := strconv.Unquote(q)
			if err != nil {
				return "", 0, fmt.Errorf("bad escape")
			}
			b.WriteString(t)
			i += len(q)
		default:
			b.WriteByte(s[i])
			i++
		}
	}
	return b.String(), i, nil
}

// Expand replaces each ${name} that vars knows; others stay, because ${...} also belongs to the configuration language.
func Expand(text string, vars map[string]string) string {
	var b strings.Builder
	for {
		i := strings.Index(text, "${")
		if i < 0 {
			break
		}
		end := strings.IndexByte(text[i:], '}')
		if end < 0 {
			break
		}
		b.WriteString(text[:i])
		if v, ok := vars[text[i+2:i+end]]; ok {
			b.WriteString(v)
		} else {
			b.WriteString(text[i : i+end+1])
		}
		text = text[i+end+1:]
	}
	return b.String() + text
}
