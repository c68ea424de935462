package forward

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/prefix"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/record"
)

// RuleSet holds the rules of one kind in one scope, compiled so that the cost
// of finding the first match does not depend on their number. Configurations
// merge by listing the sets of the outer scopes: all of them use the same set,
// which is compiled once.
type RuleSet struct {
	rules []ReverseRule

	compiled bool
	texts    prefix.Tree // rules by their internal side
	paths    prefix.Tree // ProxyPassReverse: those where a path is compared with a URL's
	asked    []int32     // rules that must be tested: interpolated, for balancers
}

// ReverseRule is one ProxyPassReverse, or one ProxyPassReverseCookiePath or
// CookieDomain.
type ReverseRule struct {
	Public      string // what clients see: a path, or a URL
	Internal    string // what the backend sends
	Interpolate bool
	Line        record.Line
}

// Rewrites are the rules by which responses are edited, outermost scope first.
type Rewrites struct {
	Reverse       []*RuleSet
	CookiePaths   []*RuleSet
	CookieDomains []*RuleSet
}

// AddRule adds a rule to the set of a scope that is being read.
func AddRule(sets []*RuleSet, r ReverseRule) []*RuleSet {
	if len(sets) == 0 {
		sets = []*RuleSet{{}}
	}
	s := sets[len(sets)-1]
	s.rules = append(s.rules, r)
	return sets
}

// Compile prepares every set for use. Sets that are in use already are not
// changed.
func (d *Rewrites) Compile() {
	for _, s := range d.Reverse {
		s.compile(true, putReverse)
	}
	for _, s := range d.CookiePaths {
		s.compile(false, putText)
	}
	for _, s := range d.CookieDomains {
		s.compile(true, putText)
	}
}

func (s *RuleSet) compile(fold bool, put func(*RuleSet, *ReverseRule, int32)) {
	if s.compiled {
		return
	}
	s.texts.Fold, s.paths.Fold = fold, fold
	for i := range s.rules {
		r := &s.rules[i]
		if r.Interpolate {
			s.asked = append(s.asked, int32(i))
			continue
		}
		put(s, r, int32(i))
	}
	s.compiled = true
}

func putText(s *RuleSet, r *ReverseRule, at int32) { s.texts.Add(r.Internal, at) }

// putReverse adds a ProxyPassReverse. One without an internal side, or with an
// unusable public side, is ignored.
func putReverse(s *RuleSet, r *ReverseRule, at int32) {
	switch {
	case r.Internal == "" || !isURL(r.Public) && !strings.HasPrefix(r.Public, "/"):
	case param.IsBalancer(r.Internal):
		s.asked = append(s.asked, at)
	case r.Internal[0] == '/':
		s.paths.Add(r.Internal, at)
	default:
		s.texts.Add(r.Internal, at)
	}
}

// ending says what may follow the text of a rule.
type ending func(subject []byte, n int) bool

func anyEnd([]byte, int) bool { return true }

// folderEnd: whole segments of a path.
func folderEnd(s []byte, n int) bool {
	return n == len(s) || s[n] == '/' || n > 0 && s[n-1] == '/'
}

// segmentEnd: whole segments of a URL.
func segmentEnd(s []byte, n int) bool {
	return n > 0 && (s[n-1] == '/' || endsSegment(s[n:]))
}

// first finds the first rule below limit whose text subject begins with.
func first(t *prefix.Tree, subject []byte, end ending, limit int32) (at int32, n int) {
	at = limit
	w := t.Walk(subject)
	for {
		size, list := w.Next(at)
		if list == nil {
			return at, n
		}
		if list[0] < at && end(subject, size) {
			at, n = list[0], size
		}
	}
}

// begins compares the text of a rule that must be tested.
func (s *RuleSet) begins(subject []byte, text string) bool {
	if s.texts.Fold {
		return ascii.HasPrefixFoldBytes(subject, text)
	}
	return len(subject) >= len(text) && string(subject[:len(text)]) == text
}
