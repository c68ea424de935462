package rewrite

import (
	"errors"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// argline splits the arguments of RewriteRule and RewriteCond. Unlike other
// directives they keep their backslashes, and a quote ends at the next one of
// its kind. flags is empty where there is no third argument.
//
// httpd: parseargline. What follows the third argument is ignored.
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

// argument takes one argument off s. more: something ended it, a blank or a
// quote, and not the end of the line.
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

// eachFlag calls set for each flag of a field [A,B=c]; the value is empty where
// there is none. httpd: cmd_parseflagfield.
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
