package include

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
)

// command is a command as it is written in a page.
type command struct {
	name string // in lower case
	args []argument
	bad  string // what is wrong with its text; "": nothing
}

// argument is name="value". A name may have no value.
type argument struct {
	name     string // in lower case
	value    string
	hasValue bool
}

// readCommand reads a command behind its start mark, up to its end mark. n: how many bytes it is; 0: it is not complete.
func readCommand(text, end []byte) (c command, n int) {
	i := 0
	for ; ; i++ {
		switch {
		case i == len(text):
			return c, 0
		case bytes.HasPrefix(text[i:], end): // without a blank before it
			c.setName(text[:i])
			return c, i + len(end)
		case ascii.IsSpace(text[i]):
		default:
			continue
		}
		break
	}
	c.setName(text[:i])
	for {
		for i < len(text) && ascii.IsSpace(text[i]) {
			i++
		}
		switch rest := text[i:]; {
		case len(rest) == 0 || len(rest) < len(end) && bytes.HasPrefix(end, rest):
			return c, 0
		case bytes.HasPrefix(rest, end):
			return c, i + len(end)
		}
		used := c.argument(text[i:])
		if used == 0 {
			return c, 0
		}
		i += used
	}
}

func (c *command) setName(name []byte) {
	if c.name = ascii.ToLower(string(name)); c.name == "" {
		c.bad = "missing directive name"
	}
}

// argument reads one argument. 0: it is not complete. httpd: find_argument.
func (c *command) argument(text []byte) int {
	var a argument
	i := 0
	if !quotes(text[0]) {
		for i < len(text) && !ascii.IsSpace(text[i]) && text[i] != '=' {
			i++
		}
		if i == len(text) {
			return 0
		}
		a.name = ascii.ToLower(string(text[:i]))
		for i < len(text) && ascii.IsSpace(text[i]) {
			i++
		}
		if i == len(text) {
			return 0
		}
		if text[i] != '=' {
			c.args = append(c.args, a)
			return i
		}
		i++
		for i < len(text) && ascii.IsSpace(text[i]) {
			i++
		}
		if i == len(text) {
			return 0
		}
	}
	if a.name == "" {
		c.bad = "missing argument name for value to tag " + c.name
	}
	used, ok := a.read(text[i:])
	if !ok {
		return 0
	}
	c.args = append(c.args, a)
	return i + used
}

func quotes(b byte) bool { return b == '"' || b == '\'' || b == '`' }

// read reads a value: to its closing quote, before which a backslash may stand, or to a blank.
func (a *argument) read(text []byte) (n int, ok bool) {
	a.hasValue = true
	var value []byte
	if !quotes(text[0]) {
		for i, b := range text {
			if ascii.IsSpace(b) {
				a.value = string(text[:i])
				return i + 1, true
			}
		}
		return 0, false
	}
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 == len(text):
			return 0, false
		case text[i] == '\\' && text[i+1] == text[0]:
			i++
		case text[i] == text[0]:
			a.value = string(value)
			return i + 1, true
		}
		value = append(value, text[i])
	}
	return 0, false
}
