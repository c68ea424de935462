package rx

// Head returns the text that every match begins with at the start of the
// subject: what a pattern anchored by ^ says before its first choice. It is
// empty for any other pattern. Of many patterns only those have to be tried
// whose head the subject begins with.
func (r *Regexp) Head() string { return r.head }

// headOf finds the head of a parsed pattern.
func headOf(tree *node) string {
	w := headWriter{}
	w.take(tree)
	return string(w.out)
}

// headWriter collects a head; ^ has to be met before the first byte.
type headWriter struct {
	begun bool
	out   []byte
}

// take adds what n says for certain, and says whether that is all n matches,
// so that what follows n may be added too.
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
