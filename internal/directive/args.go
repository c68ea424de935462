package directive

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/syntax"
)

// Args is the shape of a directive's arguments, with httpd's names.
type Args uint8

// The shapes. A setter finds the words in Call.Args, for Raw the text in
// Call.Raw, for Flag the value in Call.On. Optional words that are absent from
// the line are absent from Call.Args.
const (
	Inherit  Args = iota // as the known table says
	NoArgs               // none; httpd ignores any, and so do we, with a warning
	Take1                // exactly one
	Take2                // exactly two
	Take12               // one or two
	Take3                // exactly three
	Take23               // two or three
	Take123              // one to three
	Take13               // one or three
	Iterate              // one or more, each by itself
	Iterate2             // one, then one or more that go with it
	Flag                 // On or Off
	Raw                  // the directive does its own splitting
	TakeArgv             // any number, including none
)

// shape is one row of the table of argument shapes. The arity error is name,
// blank, complaint; httpd appends its help text where helped is set.
type shape struct {
	name      string // httpd's name in its source
	complaint string
	helped    bool
	split     func(args string) (words []string, ok bool)
}

var shapes = [...]shape{
	Inherit:  {name: "INHERIT", split: splitAll},
	NoArgs:   {name: "NO_ARGS", split: splitAll},
	Take1:    {"TAKE1", "takes one argument", true, exactly(1)},
	Take2:    {"TAKE2", "takes two arguments", true, exactly(2)},
	Take12:   {"TAKE12", "takes 1-2 arguments", true, splitTake12},
	Take3:    {"TAKE3", "takes three arguments", true, exactly(3)},
	Take23:   {"TAKE23", "takes two or three arguments", true, splitTake23},
	Take123:  {"TAKE123", "takes one, two or three arguments", true, splitTake123},
	Take13:   {"TAKE13", "takes one or three arguments", true, splitTake13},
	Iterate:  {"ITERATE", "requires at least one argument", true, splitIterate},
	Iterate2: {"ITERATE2", "requires at least two arguments", true, splitIterate2},
	Flag:     {"FLAG", "must be On or Off", false, splitFlag},
	Raw:      {name: "RAW_ARGS", split: splitAll},
	TakeArgv: {name: "TAKE_ARGV", split: splitAll},
}

// String is httpd's name of the shape: TAKE1, RAW_ARGS.
func (a Args) String() string { return shapes[a].name }

// parseArgs finds a shape by httpd's name for it.
func parseArgs(name string) (Args, bool) {
	for i := range shapes {
		if shapes[i].name == name {
			return Args(i), true
		}
	}
	return Inherit, false
}

// wordsOf takes up to n words off args and returns the rest.
//
// httpd: the end of the line and an empty word ("") look the same to most
// shapes, so that `ServerAdmin ""` has no argument.
func wordsOf(args string, n int) (words []string, rest string) {
	rest = args
	for range n {
		var w string
		w, rest = syntax.Word(rest)
		words = append(words, w)
	}
	return words, rest
}

func splitAll(args string) ([]string, bool) { return syntax.Words(args), true }

// exactly is the shape of n words, none of them empty.
func exactly(n int) func(string) ([]string, bool) {
	return func(args string) ([]string, bool) {
		words, rest := wordsOf(args, n)
		for _, w := range words {
			if w == "" {
				return nil, false
			}
		}
		return words, rest == ""
	}
}

func splitTake12(args string) ([]string, bool) {
	words, rest := wordsOf(args, 2)
	if words[1] == "" {
		words = words[:1]
	}
	return words, words[0] != "" && rest == ""
}

func splitTake23(args string) ([]string, bool) {
	words, rest := wordsOf(args, 2)
	ok := words[0] != "" && words[1] != ""
	if rest != "" {
		var w string
		w, rest = syntax.Word(rest)
		words = append(words, w)
	}
	return words, ok && rest == ""
}

// present takes the words that the line has, at most n.
func present(args string, n int) (words []string, rest string) {
	for rest = args; rest != "" && len(words) < n; {
		var w string
		w, rest = syntax.Word(rest)
		words = append(words, w)
	}
	return words, rest
}

func splitTake123(args string) ([]string, bool) {
	words, rest := present(args, 3)
	return words, len(words) > 0 && words[0] != "" && rest == ""
}

func splitTake13(args string) ([]string, bool) {
	words, rest := present(args, 3)
	switch {
	case len(words) == 0 || words[0] == "" || rest != "":
		return nil, false
	case len(words) == 2:
		return words[:1], words[1] == ""
	}
	return words, true
}

// splitIterate ends at the first empty word, as httpd does.
func splitIterate(args string) ([]string, bool) {
	var words []string
	for rest := args; ; {
		var w string
		if w, rest = syntax.Word(rest); w == "" {
			return words, len(words) > 0
		}
		words = append(words, w)
	}
}

func splitIterate2(args string) ([]string, bool) {
	first, rest := syntax.Word(args)
	if first == "" || rest == "" {
		return nil, false
	}
	more, _ := splitIterate(rest)
	return append([]string{first}, more...), true
}

// splitFlag looks at the first word only: httpd ignores the others.
func splitFlag(args string) ([]string, bool) {
	w, _ := syntax.Word(args)
	return []string{w}, ascii.EqualFold(w, "on") || ascii.EqualFold(w, "off")
}
