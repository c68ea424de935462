package syntax

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Kind says what a logical line is.
type Kind uint8

// The kinds of line.
const (
	Blank     Kind = iota // nothing, or a comment
	Directive             // Name Args
	Open                  // <Name Args>
	Close                 // </Name>
)

// Head is a logical line split into its parts.
type Head struct {
	Kind Kind
	Name string // without < and >
	Args string // the raw text after the name; for Open it includes the '>'
	Bare bool   // a Close without its '>'
}

// IsComment reports whether a trimmed line is empty or a comment. A '#'
// anywhere else is an ordinary character.
func IsComment(line string) bool { return line == "" || line[0] == '#' }

// ParseHead splits a trimmed logical line as httpd does: the first word, which
// may be quoted, is the name, and one '>' at its end is dropped.
func ParseHead(line string) Head {
	if IsComment(line) {
		return Head{}
	}
	return SplitHead(line)
}

// SplitHead is ParseHead without the check for comments, for lines whose
// variables have been expanded since.
func SplitHead(line string) Head {
	word, args := Word(line)
	switch {
	case word == "":
		return Head{}
	case strings.HasPrefix(word, "</"):
		name, closed := strings.CutSuffix(word[2:], ">")
		return Head{Kind: Close, Name: name, Args: args, Bare: !closed}
	}
	if len(word) < 2 || word[1] != '/' {
		word = strings.TrimSuffix(word, ">")
	}
	if name, section := strings.CutPrefix(word, "<"); section {
		if args == "" {
			args = ">"
		}
		return Head{Kind: Open, Name: name, Args: args}
	}
	return Head{Kind: Directive, Name: word, Args: args}
}

// CutBracket returns the text of a section's arguments: everything before the
// last '>'. ok is false when there is none. Text after the bracket is ignored,
// as every section handler of httpd does.
func CutBracket(args string) (text string, ok bool) {
	i := strings.LastIndexByte(args, '>')
	if i < 0 {
		return args, false
	}
	return args[:i], true
}

// IsCloseOf reports whether a trimmed line is exactly </name>, which ends the
// body of a conditional section.
func IsCloseOf(line, name string) bool {
	return len(line) == len(name)+3 && ascii.HasPrefixFold(line, "</") &&
		ascii.EqualFold(line[2:len(line)-1], name) && line[len(line)-1] == '>'
}
