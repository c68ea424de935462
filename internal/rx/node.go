package rx

// op says what a node is.
type op uint8

const (
	opEmpty      op = iota // matches the empty string
	opSet                  // one byte out of set
	opBegin                // \A, and ^ outside multiline mode
	opEnd                  // \z, and $ as httpd compiles it
	opEndNewline           // \Z: at the end, or before a newline that ends the subject
	opBeginLine            // ^ in multiline mode
	opEndLine              // $ in multiline mode
	opWord                 // \b
	opNotWord              // \B
	opConcat
	opAlternate
	opGroup   // (?:...)
	opCapture // (...): n is its number
	opRepeat  // subs[0], min to max times; max < 0 is no limit
	opLook    // look-around: neg, behind
	opAtomic  // (?>...)
	opBackref // n is a group number; fold compares without case
	opCond    // subs[0] is the condition (nil: group n is set), [1] yes, [2] no
	opKeep    // \K
)

// greed says in which order a repeat tries its counts.
type greed uint8

const (
	greedy greed = iota
	lazy
	possessive
)

// node is one node of a parsed pattern. Case, dot and space options are resolved
// while parsing: a caseless letter is a set of two bytes.
type node struct {
	op       op
	set      set
	subs     []*node
	n        int
	refs     []int // opBackref, opCond: the candidate groups
	min, max int
	greed    greed
	neg      bool
	behind   bool
	fold     bool
}

// needsBacktracking reports whether RE2 cannot express the tree.
func (n *node) needsBacktracking() bool {
	switch n.op {
	case opEndNewline, opBeginLine, opLook, opAtomic, opBackref, opCond:
		return true
	case opRepeat:
		if n.greed == possessive {
			return true
		}
	}
	return n.anySub((*node).needsBacktracking)
}

// emptyRounds reports whether the tree repeats a part that may match the empty
// string. RE2 and PCRE then agree on whether there is a match, but not always
// on which.
func (n *node) emptyRounds() bool {
	if n.op == opRepeat && n.max != 0 && n.max != 1 && n.subs[0].nullable() {
		return true
	}
	return n.anySub((*node).emptyRounds)
}

func (n *node) anySub(is func(*node) bool) bool {
	for _, s := range n.subs {
		if s != nil && is(s) {
			return true
		}
	}
	return false
}

// nullable reports whether n may match the empty string.
func (n *node) nullable() bool {
	switch n.op {
	case opSet:
		return false
	case opRepeat:
		return n.min == 0 || n.subs[0].nullable()
	case opConcat:
		for _, s := range n.subs {
			if !s.nullable() {
				return false
			}
		}
		return true
	case opAlternate:
		for _, s := range n.subs {
			if s.nullable() {
				return true
			}
		}
		return false
	case opGroup, opCapture, opAtomic:
		return n.subs[0].nullable()
	}
	return true
}

// width returns the number of bytes n matches, if that is always the same.
func (n *node) width() (int, bool) {
	switch n.op {
	case opSet:
		return 1, true
	case opRepeat:
		w, ok := n.subs[0].width()
		return w * n.min, ok && (n.min == n.max || n.subs[0].op == opLook)
	case opConcat:
		total := 0
		for _, s := range n.subs {
			w, ok := s.width()
			if !ok {
				return 0, false
			}
			total += w
		}
		return total, true
	case opAlternate:
		return sameWidth(n.subs)
	case opGroup, opCapture, opAtomic:
		return n.subs[0].width()
	case opBackref:
		return 0, false
	case opCond:
		return sameWidth(n.subs[1:])
	}
	return 0, true
}

func sameWidth(subs []*node) (int, bool) {
	first, ok := subs[0].width()
	for _, s := range subs[1:] {
		w, same := s.width()
		ok = ok && same && w == first
	}
	return first, ok
}
