package rx

// Head returns the text that every match begins with at the start of the
// subject: the literal text after ^ and before the first alternative. It is
// empty for any other pattern. Of many patterns, only those whose head the
// subject begins with have to be tried.
func (r *Regexp) Head() string { return r.head }

// headOf finds the head of a parsed pattern.
func headOf(tree *node) string {
	w := headWriter{}
	w.take(tree)
	return string(w.out)
}

// headWriter collects a head. It must meet ^ before the first byte.
type headWriter struct {
	begun bool
	out   []byte
}

// take adds the text that n matches for certain, and reports whether n matches
// nothing else, so that the next node may be added too.
func (w *headWriter) take(n *node) bool {
	switch n.op {
	case opEmpty:
		return true
	case opBegin:
		w.begun = true
		return true
	case opSet:
		b, ok := n.set.only()
		if ok && w.begun {
			w.out = append(w.out, b)
		}
		return ok && w.begun
	case opConcat:
		for _, s := range n.subs {
			if !w.take(s) {
				return false
			}
		}
		return true
	case opGroup, opCapture, opAtomic:
		return w.take(n.subs[0])
	case opRepeat:
		if n.min > 0 {
			w.take(n.subs[0])
		}
	}
	return false
}
