package source

import (
	"fmt"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/glob"
)

// shellToken is a word with its quotes, or an operator (a newline is one).
type shellToken struct {
	text string
	op   bool
	line int
}

// shellError is a part of a shell file that is not supported.
type shellError struct {
	line int
	what string
}

func (e *shellError) Error() string { return fmt.Sprintf("%d: %s", e.line, e.what) }

// shellSplit splits shell text into tokens, without comments and with continued
// lines joined.
func shellSplit(text string) ([]shellToken, error) {
	var out []shellToken
	line := 1
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\n':
			out = append(out, shellToken{"\n", true, line})
			line++
			i++
		case strings.HasPrefix(text[i:], "\\\n"):
			line++
			i += 2
		case ascii.IsSpace(c):
			i++
		case c == '#':
			for i < len(text) && text[i] != '\n' {
				i++
			}
		case strings.IndexByte(";&|<>()", c) >= 0:
			n := 1
			if i+1 < len(text) && text[i+1] == c && (c == '&' || c == '|') {
				n = 2
			}
			out = append(out, shellToken{text[i : i+n], true, line})
			i += n
		default:
			end, err := shellWordEnd(text, i)
			if err != "" {
				return nil, &shellError{line, err}
			}
			out = append(out, shellToken{text[i:end], false, line})
			line += strings.Count(text[i:end], "\n")
			i = end
		}
	}
	return append(out, shellToken{"", true, line}), nil
}

// shellWordEnd returns the end of the word that begins at i.
func shellWordEnd(s string, i int) (end int, fault string) {
	for i < len(s) {
		switch c := s[i]; {
		case c == '\\':
			i = min(i+2, len(s))
		case c == '\'' || c == '"' || c == '`':
			n := quoteEnd(s[i:])
			if n < 0 {
				return i, "unterminated " + string(c)
			}
			i += n
		case strings.HasPrefix(s[i:], "${"), strings.HasPrefix(s[i:], "$("):
			n := bracketEnd(s[i:])
			if n < 0 {
				return i, "unterminated " + s[i:i+2]
			}
			i += n
		case ascii.IsSpace(c) || strings.IndexByte(";&|<>()", c) >= 0:
			return i, ""
		default:
			i++
		}
	}
	return i, ""
}

// quoteEnd returns the length of the quoted text at the start of s, -1 if it
// has no end.
func quoteEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return i + 1
		case s[i] == '\\' && s[0] != '\'':
			i++
		}
	}
	return -1
}

// bracketEnd returns the length of the ${...} or $(...) at the start of s, -1
// if it has no end.
func bracketEnd(s string) int {
	closing := byte('}')
	if s[1] == '(' {
		closing = ')'
	}
	depth := 0
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case s[1]:
			depth++
		case closing:
			if depth--; depth == 0 {
				return i + 1
			}
		case '\\':
			i++
		}
	}
	return -1
}

// word removes the quotes of a word and replaces variables by their values.
// present is false for an unquoted word that became empty, which the shell
// drops.
func (s *shell) word(raw string) (value string, present bool, err error) {
	var b strings.Builder
	for i := 0; i < len(raw); {
		switch c := raw[i]; c {
		case '\'':
			n := quoteEnd(raw[i:])
			if n < 0 {
				return "", false, s.cannot("unterminated '")
			}
			b.WriteString(raw[i+1 : i+n-1])
			i += n
			present = true
		case '"':
			n := quoteEnd(raw[i:])
			if n < 0 {
				return "", false, s.cannot("unterminated \"")
			}
			inner, err := s.double(raw[i+1 : i+n-1])
			if err != nil {
				return "", false, err
			}
			b.WriteString(inner)
			i += n
			present = true
		case '\\':
			if i+1 < len(raw) && raw[i+1] != '\n' {
				b.WriteByte(raw[i+1])
			}
			i += 2
		case '$', '`':
			v, n, err := s.dollar(raw[i:])
			if err != nil {
				return "", false, err
			}
			b.WriteString(v)
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), present || b.Len() > 0, nil
}

// double expands the inside of double quotes.
func (s *shell) double(raw string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(raw); {
		switch c := raw[i]; {
		case c == '\\' && i+1 < len(raw) && strings.IndexByte("$`\"\\\n", raw[i+1]) >= 0:
			if raw[i+1] != '\n' {
				b.WriteByte(raw[i+1])
			}
			i += 2
		case c == '$' || c == '`':
			v, n, err := s.dollar(raw[i:])
			if err != nil {
				return "", err
			}
			b.WriteString(v)
			i += n
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), nil
}

// dollar expands the $NAME, ${NAME} or ${NAME op word} at the start of raw and
// returns its length n.
func (s *shell) dollar(raw string) (value string, n int, err error) {
	switch {
	case raw[0] == '`' || strings.HasPrefix(raw, "$("):
		return "", 0, s.cannot("command substitution")
	case strings.HasPrefix(raw, "${"):
		n = bracketEnd(raw)
		if n < 0 {
			return "", 0, s.cannot("unterminated ${")
		}
		value, err = s.braces(raw[2 : n-1])
		return value, n, err
	}
	n = 1 + nameLength(raw[1:])
	if n == 1 {
		if len(raw) > 1 && strings.IndexByte("0123456789@*#?$!-", raw[1]) >= 0 {
			return "", 0, s.cannot("$" + raw[1:2])
		}
		return "$", 1, nil
	}
	value, _ = s.get(raw[1:n])
	return value, n, nil
}

// nameLength returns the length of the variable name at the start of s.
func nameLength(s string) int {
	n := 0
	for n < len(s) && (s[n] == '_' || ascii.IsAlpha(s[n]) || n > 0 && ascii.IsDigit(s[n])) {
		n++
	}
	return n
}

// braces expands the text between ${ and }.
func (s *shell) braces(inner string) (string, error) {
	n := nameLength(inner)
	if n == 0 {
		return "", s.cannot("${" + inner + "}")
	}
	name, op := inner[:n], inner[n:]
	v, set := s.get(name)
	if op == "" {
		return v, nil
	}
	if op[0] == '#' || op[0] == '%' {
		return s.trimmed(v, op)
	}
	if op[0] == ':' {
		set = set && v != ""
		op = op[1:]
	}
	if op == "" || strings.IndexByte("-=+?", op[0]) < 0 {
		return "", s.cannot("${" + inner + "}")
	}
	if set != (op[0] == '+') {
		if op[0] == '+' {
			return "", nil
		}
		return v, nil
	}
	other, _, err := s.word(op[1:])
	switch {
	case err != nil:
		return "", err
	case op[0] == '?':
		return "", s.cannot(name + ": " + other)
	case op[0] == '=':
		s.set(name, other)
	}
	return other, nil
}

// trimmed cuts the shortest (# %) or longest (## %%) match of a pattern off the
// front or the end of v.
func (s *shell) trimmed(v, op string) (string, error) {
	longest := len(op) > 1 && op[1] == op[0]
	skip := 1
	if longest {
		skip = 2
	}
	pattern, _, err := s.word(op[skip:])
	if err != nil {
		return "", err
	}
	front := op[0] == '#'
	for k := 0; k <= len(v); k++ {
		n := k // length of the part to try
		if longest {
			n = len(v) - k
		}
		if front && glob.Match(pattern, v[:n], 0) {
			return v[n:], nil
		}
		if !front && glob.Match(pattern, v[len(v)-n:], 0) {
			return v[:len(v)-n], nil
		}
	}
	return v, nil
}
