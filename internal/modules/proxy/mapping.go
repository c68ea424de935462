package proxy

import (
	"bytes"
	"math"
	"strings"

	"github.com/headgate/headgate/internal/message"
)

// Mapping is the ProxyPass list of a server, compiled: the first rule in file
// order that matches is found without asking plain prefixes one by one. A
// request asks two of them: first that of the rules with mapping=, then that of
// all others. Immutable.
type Mapping struct {
	rules []*PassRule
	root  *branch
	slow  []int32 // rules that have to be asked: patterns, servlet, interpolated paths
}

// branch is a segment of prefixes. Its numbers are the lowest index of rules;
// none when there is none.
type branch struct {
	kids  map[string]*branch
	open  int32 // of the prefix that ends with this segment
	slash int32 // of the one that ends with the slash after it
	low   int32 // in all of the subtree
}

const none = math.MaxInt32

func newBranch() *branch { return &branch{open: none, slash: none, low: none} }

// NewMapping compiles the rules of list that are matched before decoding
// (encoded) or after it.
func NewMapping(list []*PassRule, encoded bool) *Mapping {
	m := &Mapping{root: newBranch()}
	for _, r := range list {
		if r.Encoded != encoded {
			continue
		}
		at := int32(len(m.rules))
		m.rules = append(m.rules, r)
		switch {
		case r.Regex != nil, r.Servlet, r.Interpolate && strings.Contains(r.Path, "${"):
			m.slow = append(m.slow, at)
		case strings.HasPrefix(r.Path, "/"): // no other prefix can match
			m.insert(r.Path, at)
		}
	}
	return m
}

// Empty says that there is no rule.
func (m *Mapping) Empty() bool { return len(m.rules) == 0 }

// Rules gives the rules in order.
func (m *Mapping) Rules() []*PassRule { return m.rules }

func (m *Mapping) insert(prefix string, at int32) {
	b := m.root
	b.low = min(b.low, at)
	for seg := range strings.SplitSeq(prefix, "/") {
		if seg == "" {
			continue
		}
		kid := b.kids[seg]
		if kid == nil {
			kid = newBranch()
			if b.kids == nil {
				b.kids = map[string]*branch{}
			}
			b.kids[seg] = kid
		}
		b = kid
		b.low = min(b.low, at)
	}
	if strings.HasSuffix(prefix, "/") {
		b.slash = min(b.slash, at)
	} else {
		b.open = min(b.open, at)
	}
}

// prefix finds the first plain rule that matches and how much it takes.
func (m *Mapping) prefix(path []byte) (at int32, n int) {
	at = none
	b := m.root
	for i := 0; i < len(path) && path[i] == '/'; {
		for i < len(path) && path[i] == '/' {
			i++
		}
		if b.slash < at {
			at, n = b.slash, i
		}
		if i == len(path) {
			break
		}
		end := bytes.IndexByte(path[i:], '/')
		if end < 0 {
			end = len(path)
		} else {
			end += i
		}
		b = b.kids[string(path[i:end])]
		if b == nil || b.low >= at {
			break
		}
		i = end
		if b.open < at {
			at, n = b.open, i
		}
	}
	return at, n
}

// Find maps the request by the first rule from index from on that matches. It
// gives the rule's index, so that a caller who cannot use it (a WebSocket rule
// without an upgrade) can ask for the next.
func (m *Mapping) Find(q *Query, from int, a *message.Arena) (out Mapped, index int, ok bool, err error) {
	at, n := m.search(q, int32(from), a)
	if at == none {
		return Mapped{}, 0, false, nil
	}
	out, err = m.rules[at].mapTo(q, n, a)
	return out, int(at), true, err
}

func (m *Mapping) search(q *Query, from int32, a *message.Arena) (at int32, n int) {
	if from > 0 {
		return m.scan(q, from, a)
	}
	at, n = m.prefix(q.Path)
	for _, i := range m.slow {
		if i >= at {
			break
		}
		if taken, ok := m.rules[i].matches(q, a); ok {
			return i, taken
		}
	}
	return at, n
}

// scan asks one by one.
func (m *Mapping) scan(q *Query, from int32, a *message.Arena) (at int32, n int) {
	for i := int(from); i < len(m.rules); i++ {
		if n, ok := m.rules[i].matches(q, a); ok {
			return int32(i), n
		}
	}
	return none, 0
}
