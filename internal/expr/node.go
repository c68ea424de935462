package expr

import (
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/subnet"
)

// kind says what a node is.
type kind uint8

const (
	kindTrue kind = iota
	kindFalse
	kindNot     // list[0]
	kindOr      // list
	kindAnd     // list
	kindInteger // a rel b, as numbers
	kindText    // a rel b, as strings
	kindMatch   // a =~ re, or !~ when neg
	kindIn      // a in list, or in the list function of ext with argument b
	kindUnary   // op a
	kindBinary  // a op b

	wordText   // text
	wordVar    // v
	wordHeader // the request header text, written as the variable name
	wordFunc   // fn(a)
	wordExtern // ext, with argument a when it is a function
	wordGroup  // $group
	wordConcat // list
)

// relation is a comparison.
type relation uint8

const (
	relEqual relation = iota
	relNotEqual
	relLess
	relLessEqual
	relGreater
	relGreaterEqual
)

// holds says whether the relation holds for the outcome of a comparison.
func (r relation) holds(cmp int) bool {
	switch r {
	case relEqual:
		return cmp == 0
	case relNotEqual:
		return cmp != 0
	case relLess:
		return cmp < 0
	case relLessEqual:
		return cmp <= 0
	case relGreater:
		return cmp > 0
	}
	return cmp >= 0
}

// node is one node of a compiled expression: a condition or a word.
type node struct {
	kind   kind
	rel    relation
	neg    bool
	vary   bool // reading the header is to be noted
	number bool // a word written as a number
	group  int
	v      Var
	a, b   *node
	list   []*node
	text   string
	lit    []byte // text again
	name   string // of a header variable
	fn     *function
	op     *operator
	ext    *Extern
	net    *subnet.Subnet
	re     *rx.Regexp
	delim  byte // of the regular expression
	fold   bool // it has the flag i
}

func textNode(s string) *node { return &node{kind: wordText, text: s, lit: []byte(s)} }

// concatNode joins words; one alone is itself.
func concatNode(list []*node) *node {
	switch len(list) {
	case 0:
		return textNode("")
	case 1:
		return list[0]
	}
	return &node{kind: wordConcat, list: list}
}
