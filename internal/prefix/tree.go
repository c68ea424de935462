package prefix

import (
	"bytes"
	"math"

	"github.com/headgate/headgate/internal/ascii"
)

// None is larger than every value. As a limit of a walk it means all values; as
// the lowest value it means that there is none.
const None = math.MaxInt32

// Tree holds values under strings: a radix tree in which each node knows the
// lowest value at or below it. The zero value is empty. Values are added in
// rising order: each is the index of a rule in its list.
type Tree struct {
	Fold bool // letters compare without regard to case; set before the first Add

	root *node
}

type node struct {
	label  string  // from the node above to this one; in lower case with Fold
	values []int32 // of the string that ends here, rising
	low    int32   // the lowest of values and of those below
	heads  []byte  // first byte of each kid's label
	kids   []*node
}

// Add puts value under s.
func (t *Tree) Add(s string, value int32) {
	if t.Fold {
		s = ascii.ToLower(s)
	}
	if t.root == nil {
		t.root = &node{low: None}
	}
	n := t.root
	for {
		n.low = min(n.low, value)
		if s == "" {
			n.values = append(n.values, value)
			return
		}
		i := bytes.IndexByte(n.heads, s[0])
		if i < 0 {
			n.heads = append(n.heads, s[0])
			n.kids = append(n.kids, &node{label: s, values: []int32{value}, low: value})
			return
		}
		kid := n.kids[i]
		same := common(kid.label, s)
		if same < len(kid.label) {
			n.kids[i] = kid.split(same)
			kid = n.kids[i]
		}
		n, s = kid, s[same:]
	}
}

// split inserts a node between n and its parent, after the first bytes of n's
// label, and returns the new node.
func (n *node) split(at int) *node {
	above := &node{label: n.label[:at], low: n.low, heads: []byte{n.label[at]}, kids: []*node{n}}
	n.label = n.label[at:]
	return above
}

// common returns the length of the common prefix of a and b.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// Empty reports whether the tree holds nothing.
func (t *Tree) Empty() bool { return t.root == nil }

// Walk begins a search for the strings that subject begins with.
func (t *Tree) Walk(subject []byte) Walk { return Walk{rest: subject, next: t.root, fold: t.Fold} }

// Walk is a search down a tree along a subject.
type Walk struct {
	rest []byte // of the subject, after next
	at   int    // bytes before rest
	next *node
	fold bool
}

// Next returns the next longer string of the tree that the subject begins with:
// its length and its values. It returns nil at the end, and as soon as no value
// further down is below limit.
func (w *Walk) Next(limit int32) (n int, values []int32) {
	for w.next != nil && w.next.low < limit {
		n, values = w.at, w.next.values
		w.descend()
		if len(values) > 0 {
			return n, values
		}
	}
	w.next = nil
	return 0, nil
}

// descend moves to the child that continues the subject, or to nil.
func (w *Walk) descend() {
	n := w.next
	w.next = nil
	if len(w.rest) == 0 || len(n.heads) == 0 {
		return
	}
	head := w.rest[0]
	if w.fold {
		head = ascii.Lower(head)
	}
	i := bytes.IndexByte(n.heads, head)
	if i < 0 {
		return
	}
	kid := n.kids[i]
	size := len(kid.label)
	if size > 1 && !w.begins(kid.label) {
		return
	}
	w.next = kid
	w.at += size
	w.rest = w.rest[size:]
}

// begins reports whether the rest of the subject begins with label.
func (w *Walk) begins(label string) bool {
	switch {
	case len(w.rest) < len(label):
		return false
	case w.fold:
		return ascii.HasPrefixFoldBytes(w.rest, label)
	}
	return string(w.rest[:len(label)]) == label
}
