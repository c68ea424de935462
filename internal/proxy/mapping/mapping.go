package mapping

import (
	"bytes"
	"strings"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/prefix"
	"github.com/headgate/headgate/internal/textmap"
	"github.com/headgate/headgate/internal/uri"
)

// Mapping is the compiled ProxyPass list of a server: it finds the first
// matching rule in file order at a cost that does not depend on the number of
// rules. A request uses two of them: first that of the rules with mapping=,
// then that of all others. Immutable.
type Mapping struct {
	rules    []*PassRule
	plain    root        // prefixes
	servlet  *root       // those of mapping=servlet; nil: none
	patterns prefix.Tree // by the head of each; those without one are always tested
	variable []int32     // prefixes to be interpolated, always tested
}

// branch is a segment of prefixes. Its numbers are the lowest index of rules;
// none when there is none. With its text it fills two cache lines of its parent's
// kids, so that a segment costs one, and the route behind it comes with it.
type branch struct {
	open  int32 // of the prefix that ends with this segment
	slash int32 // of the one that ends with the slash after it
	low   int32 // in all of the subtree
	kids  *textmap.Map[branch]
	route route // of rule own; set by place
}

// own is the lowest index of the rules that end here.
func (b *branch) own() int32 { return min(b.open, b.slash) }

// root is the branch of all prefixes.
type root struct {
	slash int32 // the lowest index of the rules for "/"
	kids  textmap.Map[branch]
}

const none = prefix.None

func newRoot() root { return root{slash: none} }

// NewMapping compiles the rules of list that are matched before decoding
// (encoded) or after it.
func NewMapping(list []*PassRule, encoded bool) *Mapping {
	m := &Mapping{plain: newRoot()}
	for _, r := range list {
		if r.Encoded != encoded {
			continue
		}
		at := int32(len(m.rules))
		m.rules = append(m.rules, r)
		switch {
		case r.Regex != nil:
			m.patterns.Add(r.Regex.Head(), at)
		case r.Servlet:
			if m.servlet == nil {
				r := newRoot()
				m.servlet = &r
			}
			m.servlet.insert(r.Path, at)
		case r.variable():
			m.variable = append(m.variable, at)
		default:
			m.plain.insert(r.Path, at)
		}
	}
	return m
}

// variable reports that the rule's prefix depends on the request.
func (r *PassRule) variable() bool { return r.Interpolate && strings.Contains(r.Path, "${") }

// direct reports that the rule's prefix alone decides whether it matches.
func (r *PassRule) direct() bool { return r.Regex == nil && !r.Servlet && !r.variable() }

// Direct reports that all rules are prefixes that do not depend on the request.
func (m *Mapping) Direct() bool {
	return m.servlet == nil && m.patterns.Empty() && len(m.variable) == 0
}

// Empty reports that there is no rule.
func (m *Mapping) Empty() bool { return len(m.rules) == 0 }

// Rules returns the rules in order.
func (m *Mapping) Rules() []*PassRule { return m.rules }

// insert adds a prefix. One that does not begin with a slash never matches.
func (r *root) insert(path string, at int32) {
	if !strings.HasPrefix(path, "/") {
		return
	}
	segments := strings.FieldsFunc(path, func(c rune) bool { return c == '/' })
	if len(segments) == 0 {
		r.slash = min(r.slash, at)
		return
	}
	put(&r.kids, segments, strings.HasSuffix(path, "/"), at)
}

// put adds the rest of a prefix.
func put(kids *textmap.Map[branch], segments []string, slash bool, at int32) {
	b, ok := kids.Get([]byte(segments[0]))
	if !ok {
		b = branch{open: none, slash: none, low: none}
	}
	b.low = min(b.low, at)
	switch {
	case len(segments) > 1:
		if b.kids == nil {
			b.kids = new(textmap.Map[branch])
		}
		put(b.kids, segments[1:], slash, at)
	case slash:
		b.slash = min(b.slash, at)
	default:
		b.open = min(b.open, at)
	}
	kids.Put(segments[0], b)
}

// find returns the first rule that path is at or below, and the length of its
// prefix.
func (r *root) find(path []byte) (at int32, n int) {
	at, n, _ = r.look(path)
	return at, n
}

// look is find. It returns the branch at which the rule ends, too, nil for one of
// the root.
func (r *root) look(path []byte) (at int32, n int, end *branch) {
	at = none
	slash, kids, last := r.slash, &r.kids, (*branch)(nil)
	for i := 0; i < len(path) && path[i] == '/'; {
		for i < len(path) && path[i] == '/' {
			i++
		}
		if slash < at {
			at, n, end = slash, i, last
		}
		if i == len(path) || kids == nil {
			break
		}
		size := bytes.IndexByte(path[i:], '/')
		if size < 0 {
			size = len(path) - i
		}
		b := kids.Find(path[i : i+size])
		if b == nil || b.low >= at {
			break
		}
		i += size
		if b.open < at {
			at, n, end = b.open, i, b
		}
		slash, kids, last = b.slash, b.kids, b
	}
	return at, n, end
}

// place stores the routes of rules next to the branches that find them.
func (r *root) place(routes []route) { placeRoutes(&r.kids, routes) }

func placeRoutes(kids *textmap.Map[branch], routes []route) {
	kids.Each(func(_ string, b *branch) {
		if at := b.own(); at != none {
			b.route = routes[at]
		}
		if b.kids != nil {
			placeRoutes(b.kids, routes)
		}
	})
}

// Find maps the request by the first matching rule from index from on. It
// returns the rule's index, so that a caller that cannot use it (a WebSocket
// rule without an upgrade) can ask for the next.
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
	at, n = m.plain.find(q.Path)
	if m.servlet != nil {
		if first := m.firstServlet(q, a); first < at {
			at, n = first, 0
		}
	}
	if !m.patterns.Empty() {
		if first := m.firstPattern(q, at); first < at {
			at, n = first, 0
		}
	}
	for _, i := range m.variable {
		if i >= at {
			break
		}
		if taken, ok := m.rules[i].matches(q, a); ok {
			return i, taken
		}
	}
	return at, n
}

// firstServlet returns the first matching rule of mapping=servlet: a servlet
// container compares the path without parameters and dot segments, whatever the
// prefix.
func (m *Mapping) firstServlet(q *Query, a *message.Arena) int32 {
	room := a.Alloc(2 * len(q.Path))
	plain, _, ok := uri.MatchServlet(room, room[len(q.Path):len(q.Path)], q.Path, "/")
	if !ok {
		return none
	}
	at, _ := m.servlet.find(plain)
	return at
}

// firstPattern returns the first pattern before limit that matches and stores
// its groups in q.
func (m *Mapping) firstPattern(q *Query, limit int32) int32 {
	w := m.patterns.Walk(q.Path)
	for {
		_, list := w.Next(limit)
		if list == nil {
			return limit
		}
		for _, i := range list {
			if i >= limit {
				break
			}
			if q.find(m.rules[i].Regex, q.Path) {
				limit = i
			}
		}
	}
}

// scan tests rules one by one.
func (m *Mapping) scan(q *Query, from int32, a *message.Arena) (at int32, n int) {
	for i := int(from); i < len(m.rules); i++ {
		if n, ok := m.rules[i].matches(q, a); ok {
			return int32(i), n
		}
	}
	return none, 0
}
