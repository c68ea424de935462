package labels

import (
	"strings"

	"github.com/headgate/headgate/internal/rx"
)

// op is what a node of a rule tests.
type op uint8

const (
	opTrue         op = iota
	opAnd             // all of kids
	opOr              // one of kids
	opNot             // not kids[0]
	opHost            // the host is a
	opHostRegexp      // the host matches a
	opPath            // the path is a
	opPathPrefix      // the path begins with a, as text
	opUnder           // the path is a or below it, by whole segments
	opPathRegexp      // the path matches a
	opMethod          // the method is a
	opHeader          // the field a is b
	opHeaderRegexp    // the field a matches b
	opQuery           // the parameter a is b
	opQueryHas        // there is a parameter a
	opQueryRegexp     // the parameter a matches b
	opClientIP        // the client's address is in the network a
)

// node is a rule, or a part of one. Nodes are immutable once they are made.
type node struct {
	op   op
	a, b string
	kids []*node
	re   *rx.Regexp // of opHostRegexp, to find out whether a known host matches
}

var always = &node{op: opTrue}

// all joins rules that must all hold.
func all(kids ...*node) *node { return join(opAnd, kids) }

// any joins rules of which one must hold.
func either(kids ...*node) *node { return join(opOr, kids) }

func join(o op, kids []*node) *node {
	var flat []*node
	for _, k := range kids {
		switch {
		case k.op == o:
			flat = append(flat, k.kids...)
		case k.op == opTrue && o == opAnd:
		case k.op == opTrue && o == opOr:
			return always
		default:
			flat = append(flat, k)
		}
	}
	switch len(flat) {
	case 0:
		return always
	case 1:
		return flat[0]
	}
	return &node{op: o, kids: flat}
}

// has says whether a rule tests for the host anywhere.
func (n *node) testsHost() bool {
	if n.op == opHost || n.op == opHostRegexp {
		return true
	}
	for _, k := range n.kids {
		if k.testsHost() {
			return true
		}
	}
	return false
}

// alternative is a rule for some hosts: one of hosts, which match all of patterns, and rest.
type alternative struct {
	hosts    []string // nil: any
	patterns []*node  // of opHostRegexp
	rest     *node
}

// maxAlternatives limits what becomes of rules such as (A || B) && (C || D) && ...
const maxAlternatives = 64

// split divides a rule by the hosts that it is for. What cannot be divided, such as !Host(...), stays in rest.
func split(n *node) []alternative {
	if alts, ok := trySplit(n); ok {
		return alts
	}
	return []alternative{{rest: n}}
}

func trySplit(n *node) ([]alternative, bool) {
	switch {
	case !n.testsHost():
		return []alternative{{rest: n}}, true
	case n.op == opHost:
		return []alternative{{hosts: []string{n.a}, rest: always}}, true
	case n.op == opHostRegexp:
		return []alternative{{patterns: []*node{n}, rest: always}}, true
	case n.op == opOr:
		var sum []alternative
		for _, k := range n.kids {
			alts, ok := trySplit(k)
			if !ok {
				return nil, false
			}
			for _, a := range alts {
				sum = addAlternative(sum, a)
			}
		}
		return sum, len(sum) <= maxAlternatives
	case n.op == opAnd:
		product := []alternative{{rest: always}}
		for _, k := range n.kids {
			alts, ok := trySplit(k)
			if !ok || len(product)*len(alts) > maxAlternatives {
				return nil, false
			}
			product = multiply(product, alts)
		}
		return product, true
	}
	return []alternative{{rest: n}}, true // below a not
}

// addAlternative adds an alternative; hosts with the same rest come together.
func addAlternative(sum []alternative, a alternative) []alternative {
	for i, s := range sum {
		if s.hosts != nil && a.hosts != nil && len(s.patterns)+len(a.patterns) == 0 && s.rest == a.rest {
			sum[i].hosts = append(s.hosts[:len(s.hosts):len(s.hosts)], a.hosts...)
			return sum
		}
	}
	return append(sum, a)
}

func multiply(as, bs []alternative) (product []alternative) {
	for _, a := range as {
		for _, b := range bs {
			hosts := b.hosts
			if a.hosts != nil && b.hosts != nil {
				hosts = common(a.hosts, b.hosts)
				if len(hosts) == 0 {
					continue // never holds
				}
			} else if a.hosts != nil {
				hosts = a.hosts
			}
			product = append(product, alternative{
				hosts: hosts, patterns: append(a.patterns[:len(a.patterns):len(a.patterns)], b.patterns...), rest: all(a.rest, b.rest),
			})
		}
	}
	return product
}

func common(a, b []string) (both []string) {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				both = append(both, x)
			}
		}
	}
	return both
}

// matches says whether a host meets the patterns of an alternative.
func (a *alternative) matches(host string) bool {
	for _, p := range a.patterns {
		if p.re == nil || !p.re.MatchString(host) {
			return false
		}
	}
	return true
}

// hostRest returns what is left to be tested for requests whose host is not known.
func (a *alternative) hostRest() *node {
	return all(append(append([]*node(nil), a.patterns...), a.rest)...)
}

// claim returns the path that all requests of a rule are below, as far as its form tells.
func (n *node) claim() string {
	switch n.op {
	case opPath, opPathPrefix, opUnder:
		return n.a
	case opPathRegexp:
		if n.re != nil {
			if head := n.re.Head(); strings.HasPrefix(head, "/") {
				return head
			}
		}
	case opAnd:
		longest := "/"
		for _, k := range n.kids {
			if c := k.claim(); len(c) > len(longest) {
				longest = c
			}
		}
		return longest
	case opOr:
		shared := n.kids[0].claim()
		for _, k := range n.kids[1:] {
			shared = sharedPrefix(shared, k.claim())
		}
		return shared
	}
	return "/"
}

// claims returns the paths that all requests of a rule are below, each below one of them.
func (n *node) claims() []string {
	switch n.op {
	case opOr:
		var list []string
		for _, k := range n.kids {
			list = append(list, k.claims()...)
		}
		return list
	case opAnd:
		best := []string{"/"}
		for _, k := range n.kids {
			if c := k.claims(); shortest(c) > shortest(best) {
				best = c
			}
		}
		return best
	}
	return []string{n.claim()}
}

func shortest(paths []string) int {
	least := len(paths[0])
	for _, p := range paths[1:] {
		least = min(least, len(p))
	}
	return least
}

func sharedPrefix(a, b string) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	if i == 0 {
		return "/"
	}
	return a[:i]
}

// covers says whether a rule holds for every request whose path is below claim, whatever else the request is.
func (n *node) covers(claim string) bool {
	switch n.op {
	case opTrue:
		return true
	case opPathPrefix:
		return strings.HasPrefix(claim, n.a)
	case opUnder:
		return n.a == "/" || claim == n.a || strings.HasPrefix(claim, n.a+"/")
	case opOr:
		for _, k := range n.kids {
			if k.covers(claim) {
				return true
			}
		}
	}
	return false
}
