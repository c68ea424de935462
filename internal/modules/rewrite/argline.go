package rewrite

import (
	"errors"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// argline splits the arguments of RewriteRule and RewriteCond. Unlike the
// arguments of other directives they keep their backslashes, and a quote ends at
// the next one of its kind, even after a backslash. flags is empty without a third
// argument. ok is false without a second one.
//
// httpd: parseargline. Text after the third argument is ignored.
func argline(line string) (first, second, flags string, ok bool) {
	first, rest, more := argument(line)
	if !more {
		return first, "", "", false
	}
	second, rest, more = argument(rest)
	if rest = ascii.TrimLeftSpace(rest); more && rest != "" {
		flags, _, _ = argument(rest)
	}
	return first, second, flags, true
}

// argument splits the first argument off s. more is false if the end of the line
// ended it, rather than a blank or a quote.
func argument(s string) (arg, rest string, more bool) {
	s = ascii.TrimLeftSpace(s)
	quote := byte(0)
	if s != "" && (s[0] == '"' || s[0] == '\'') {
		quote, s = s[0], s[1:]
	}
	for i := 0; i < len(s); i++ {
		switch {
		case quote == 0 && ascii.IsSpace(s[i]), quote != 0 && s[i] == quote:
			return s[:i], s[i+1:], true
		case s[i] == '\\' && i+1 < len(s) && ascii.IsSpace(s[i+1]):
			i++
		}
	}
	return s, "", false
}

var errDelimiters = errors.New("bad flag delimiters")

// eachFlag calls set for each flag of an argument like [A,B=c]. The value of a
// flag without "=" is empty. httpd: cmd_parseflagfield.
func eachFlag(field string, set func(key, value string) error) error {
	if len(field) < 2 || field[0] != '[' || field[len(field)-1] != ']' {
		return errDelimiters
	}
	for flag := range strings.SplitSeq(field[1:len(field)-1], ",") {
		flag = strings.TrimRight(ascii.TrimLeftSpace(flag), " \t\n\v\f\r")
		key, value, _ := strings.Cut(flag, "=")
		if err := set(key, value); err != nil {
			return err
		}
	}
	return nil
}
