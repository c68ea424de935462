package rx

import "bytes"

// shape is a pattern so plain that comparing bytes decides it: an optional ^, a
// literal, an optional .* or (.*), an optional $.
type shape struct {
	begin, end bool
	lit        []byte // in lower case when fold is set
	fold       bool
	tail       bool // .* follows the literal
	group      bool // the tail is group 1
}

// shapeOf recognises a plain tree.
func shapeOf(tree *node) *shape {
	items := flatten(nil, tree)
	s := &shape{}
	if len(items) > 0 && items[0].op == opBegin {
		s.begin, items = true, items[1:]
	}
	exact := false
	for len(items) > 0 && items[0].op == opSet {
		b, fold, ok := literalByte(items[0].set)
		if !ok {
			return nil
		}
		letter := b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
		s.fold = s.fold || fold
		exact = exact || letter && !fold
		s.lit, items = append(s.lit, b), items[1:]
	}
	if len(items) > 0 && s.takeTail(items[0]) {
		s.tail, items = true, items[1:]
	}
	if len(items) > 0 && items[0].op == opEnd {
		s.end, items = true, items[1:]
	}
	if len(items) > 0 || s.fold && (exact || !s.begin && s.tail) {
		return nil
	}
	return s
}

// flatten lists the items of nested sequences.
func flatten(out []*node, n *node) []*node {
	switch n.op {
	case opEmpty:
		return out
	case opGroup:
		return flatten(out, n.subs[0])
	case opConcat:
		for _, s := range n.subs {
			out = flatten(out, s)
		}
		return out
	}
	return append(out, n)
}

// literalByte returns the byte of a one-byte set, or the lower-case letter of a
// set of both its cases.
func literalByte(s set) (b byte, fold, ok bool) {
	if b, ok := s.only(); ok {
		return b, false, true
	}
	for c := byte('a'); c <= 'z'; c++ {
		if s == bytesOf(string([]byte{c, c - 32}), "") {
			return c, true, true
		}
	}
	return 0, false, false
}

func (s *shape) takeTail(n *node) bool {
	group := n.op == opCapture
	if group {
		rest := flatten(nil, n.subs[0])
		if len(rest) != 1 {
			return false
		}
		n = rest[0]
	}
	if n.op != opRepeat || n.min != 0 || n.max >= 0 || n.greed == lazy {
		return false
	}
	if sub := n.subs[0]; sub.op != opSet || !sub.set.full() {
		return false
	}
	s.group = group
	return true
}

// find returns where the literal matches.
func (s *shape) find(subject []byte) (start int, ok bool) {
	free := len(subject) - len(s.lit)
	if free < 0 || s.begin && s.end && !s.tail && free != 0 {
		return 0, false
	}
	switch {
	case s.begin:
		return 0, s.equal(subject[:len(s.lit)])
	case s.end && !s.tail:
		return free, s.equal(subject[free:])
	}
	if s.fold {
		start = s.indexFold(subject)
	} else {
		start = bytes.Index(subject, s.lit)
	}
	return start, start >= 0
}

// indexFold finds the literal without regard to case. It looks for a byte of it
// that has no case, if there is one.
func (s *shape) indexFold(subject []byte) int {
	at := 0
	for i, c := range s.lit {
		if c < 'a' || c > 'z' {
			at = i
			break
		}
	}
	lower, upper := s.lit[at], s.lit[at]
	if lower >= 'a' && lower <= 'z' {
		upper -= 'a' - 'A'
	}
	last := len(subject) - len(s.lit)
	nextLower, nextUpper := -1, -1 // where each stands next; behind the end: nowhere
	for start := 0; start <= last; start++ {
		nextLower = indexFrom(subject, lower, start+at, nextLower)
		nextUpper = indexFrom(subject, upper, start+at, nextUpper)
		if start = min(nextLower, nextUpper) - at; start <= last && s.equal(subject[start:start+len(s.lit)]) {
			return start
		}
	}
	return -1
}

// indexFrom returns where c stands at from or after it; known is what it has
// returned last.
func indexFrom(subject []byte, c byte, from, known int) int {
	if known >= from {
		return known
	}
	if i := bytes.IndexByte(subject[from:], c); i >= 0 {
		return from + i
	}
	return len(subject) + from
}

func (s *shape) equal(b []byte) bool {
	if !s.fold {
		return bytes.Equal(b, s.lit)
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != s.lit[i] {
			return false
		}
	}
	return true
}

// spans appends the match and its groups to dst.
func (s *shape) spans(dst []int, start, size int) []int {
	stop := start + len(s.lit)
	if !s.tail {
		return append(dst, start, stop)
	}
	dst = append(dst, start, size)
	if s.group {
		dst = append(dst, stop, size)
	}
	return dst
}
