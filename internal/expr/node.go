package expr

import (
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/subnet"
)

// kind is the kind of a node. The comments say which fields it uses.
type kind uint8

const (
	kindTrue kind = iota
	kindFalse
	kindNot     // list[0]
	kindOr      // list
	kindAnd     // list
	kindInteger // a rel b, as numbers
	kindText    // a rel b, as strings
	kindSSL     // a rel b, by length, then as strings
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

// relation is a comparison operator.
type relation uint8

const (
	relEqual relation = iota
	relNotEqual
	relLess
	relLessEqual
	relGreater
	relGreaterEqual
)

// holds reports whether the relation is true for the result of a three-way
// comparison: negative, 0 or positive.
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
	vary   bool // reading the header adds it to Vary
	number bool // the word is written as a number, without quotes
	group  int
	v      Var
	a, b   *node
	list   []*node
	text   string
	lit    []byte // text as bytes
	name   string // of a header variable
	fn     *function
	op     *operator
	ext    *Extern
	net    *subnet.Subnet
	re     *rx.Regexp
	delim  byte // of the regular expression
	fold   bool // the regular expression ignores case (flag i)
}

func textNode(s string) *node { return &node{kind: wordText, text: s, lit: []byte(s)} }

// concatNode joins words. A single word is returned unchanged.
func concatNode(list []*node) *node {
	switch len(list) {
	case 0:
		return textNode("")
	case 1:
		return list[0]
	}
	return &node{kind: wordConcat, list: list}
}
