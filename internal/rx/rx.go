package rx

import (
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"
	"unsafe"

	"github.com/dlclark/regexp2/v2"
)

// Flags change how a pattern is read. The zero value is httpd's default: a dot
// matches every byte, and $ matches at the very end only (DOTALL and
// DOLLAR_ENDONLY of RegexDefaultOptions).
type Flags uint8

// The flags.
const (
	IgnoreCase          Flags = 1 << iota // [NC], ICASE
	Multiline                             // ^ and $ match at line breaks too
	Extended                              // white space and #comments are skipped
	DotExcludesNewline                    // RegexDefaultOptions -DOTALL
	DollarBeforeNewline                   // RegexDefaultOptions -DOLLAR_ENDONLY
)

// Limits of the backtracker.
const (
	matchTimeout = 100 * time.Millisecond
	maxStack     = 1 << 20 // slots of eight bytes
)

// ErrLimit is wrapped by the error of a match that ran out of time or memory.
// Whether the subject matches is then unknown.
var ErrLimit = errors.New("regular expression: match limit exceeded")

// Regexp is a compiled pattern.
type Regexp struct {
	src    string
	names  []string // by group number, [0] is empty
	head   string   // what every match begins with
	shape  *shape   // one of the three is set
	re2    *regexp.Regexp
	net    *regexp2.Regexp
	exact  *regexp2.Regexp // nil, or the engine that finds the exact spans where re2 reports a match
	direct bool            // the engine's groups are the pattern's groups
	slots  [][]int         // by group number: the engine's groups
	keeps  []int           // the engine's groups that mark \K

	scratch sync.Pool // *scratch, for lifted subjects
}

type scratch struct {
	bytes []byte
	runes []rune
}

// Compile compiles a pattern. Its error is an *Error.
func Compile(pattern string, f Flags) (*Regexp, error) {
	p := &parser{src: pattern, dollar: opEnd, opt: options{
		fold:   f&IgnoreCase != 0,
		multi:  f&Multiline != 0,
		space:  f&Extended != 0,
		dotAll: f&DotExcludesNewline == 0,
	}}
	if f&DollarBeforeNewline != 0 {
		p.dollar = opEndNewline
	}
	tree := p.parse()
	if p.err != nil {
		return nil, p.err
	}
	r := &Regexp{src: pattern, names: make([]string, p.groups+1), head: headOf(tree)}
	for _, g := range p.names {
		r.names[g.n] = g.name
	}
	if r.shape = shapeOf(tree); r.shape != nil {
		return r, nil
	}
	if err := r.compile(tree); err != nil {
		return nil, &Error{Pattern: pattern, Reason: err.Error()}
	}
	return r, nil
}

// compile passes the tree to an engine.
func (r *Regexp) compile(tree *node) error {
	needed := tree.needsBacktracking()
	if !needed {
		var err error
		if r.re2, err = regexp.Compile(r.print(tree, re2Dialect)); err != nil {
			r.re2, needed = nil, true // RE2's own limits, such as a thousand repeats
		}
	}
	if !needed && !tree.emptyRounds() {
		return nil
	}
	net, err := regexp2.Compile(r.print(tree, netDialect), regexp2.OptionMaxBacktrackingStackSize(maxStack))
	if err != nil {
		return err
	}
	net.MatchTimeout = matchTimeout
	if needed {
		r.net = net
	} else {
		r.exact = net
	}
	return nil
}

// print writes the tree for an engine and records the positions of groups.
func (r *Regexp) print(tree *node, d dialect) string {
	p := printer{dialect: d, slots: make([][]int, len(r.names))}
	p.node(tree)
	r.slots, r.keeps, r.direct = p.slots, p.keeps, len(p.keeps) == 0
	for g, at := range p.slots {
		if g > 0 && (len(at) != 1 || at[0] != g) {
			r.direct = false
		}
	}
	return string(p.out)
}

// Match reports whether r matches anywhere in subject. A match that hits a limit
// counts as none, as in httpd; Test tells the two apart.
func (r *Regexp) Match(subject []byte) bool {
	ok, _ := r.Test(subject)
	return ok
}

// MatchString is Match for a string.
func (r *Regexp) MatchString(subject string) bool {
	// Subjects are only read, and not kept, so no copy is needed.
	return r.Match(unsafe.Slice(unsafe.StringData(subject), len(subject)))
}

// Test reports whether r matches anywhere in subject. An error wraps ErrLimit.
func (r *Regexp) Test(subject []byte) (bool, error) {
	switch {
	case r.shape != nil:
		_, ok := r.shape.find(subject)
		return ok, nil
	case r.net != nil:
		return r.testBacktracking(subject)
	case isASCII(subject):
		return r.re2.Match(subject), nil
	}
	s := r.borrow()
	defer r.giveBack(s)
	s.bytes = lift(s.bytes[:0], subject)
	return r.re2.Match(s.bytes), nil
}

// Find returns the index pairs of the leftmost match and of its groups, appended
// to dst[:0], or nil when there is none; -1 marks a group that did not take
// part. A match that hits a limit counts as none; Exec tells the two apart.
//
// The plain shapes do not allocate when dst has room; the engines do.
func (r *Regexp) Find(dst []int, subject []byte) []int {
	dst, _ = r.Exec(dst, subject)
	return dst
}

// Exec is Find with the error of a match that hits a limit, which wraps ErrLimit.
func (r *Regexp) Exec(dst []int, subject []byte) ([]int, error) {
	switch {
	case r.shape != nil:
		start, ok := r.shape.find(subject)
		if !ok {
			return nil, nil
		}
		return r.shape.spans(dst[:0], start, len(subject)), nil
	case r.net != nil:
		return r.execBacktracking(r.net, dst[:0], subject)
	}
	loc := r.re2Spans(subject)
	if loc != nil && r.exact != nil {
		// If it hits its limits, RE2's spans are used.
		if spans, err := r.execBacktracking(r.exact, dst[:0], subject); err == nil && spans != nil {
			return spans, nil
		}
	}
	return r.spans(dst[:0], loc), nil
}

// re2Spans returns RE2's index pairs, into subject.
func (r *Regexp) re2Spans(subject []byte) []int {
	if isASCII(subject) {
		return r.re2.FindSubmatchIndex(subject)
	}
	s := r.borrow()
	defer r.giveBack(s)
	s.bytes = lift(s.bytes[:0], subject)
	loc := r.re2.FindSubmatchIndex(s.bytes)
	for i, at := range loc {
		loc[i] = lower(s.bytes, at)
	}
	return loc
}

// NumGroups returns how many groups the pattern has.
func (r *Regexp) NumGroups() int { return len(r.names) - 1 }

// GroupNames returns the name of each group by number, empty for one without;
// index 0 is always empty. Two groups may have the same name.
func (r *Regexp) GroupNames() []string { return r.names }

// String returns the source of the pattern.
func (r *Regexp) String() string { return r.src }

// Backtracking reports whether the pattern needs the bounded backtracker.
func (r *Regexp) Backtracking() bool { return r.net != nil }

// spans turns an engine's index pairs into the pattern's own.
func (r *Regexp) spans(dst, loc []int) []int {
	if loc == nil {
		return nil
	}
	if r.direct {
		return append(dst, loc...)
	}
	start := loc[0]
	for _, k := range r.keeps {
		start = max(start, loc[2*k])
	}
	dst = append(dst, start, loc[1])
	for _, at := range r.slots[1:] {
		from, to := -1, -1
		for _, k := range at {
			if loc[2*k] >= 0 {
				from, to = loc[2*k], loc[2*k+1]
			}
		}
		dst = append(dst, from, to)
	}
	return dst
}

func (r *Regexp) borrow() *scratch {
	if s, ok := r.scratch.Get().(*scratch); ok {
		return s
	}
	return &scratch{}
}

// giveBack keeps s for the next match, unless a long subject made it large.
func (r *Regexp) giveBack(s *scratch) {
	if cap(s.bytes)+4*cap(s.runes) <= 64<<10 {
		r.scratch.Put(s)
	}
}

func (r *Regexp) testBacktracking(subject []byte) (bool, error) {
	s := r.borrow()
	defer r.giveBack(s)
	s.runes = liftRunes(s.runes[:0], subject)
	ok, err := r.net.MatchRunes(s.runes)
	if err != nil {
		return false, limitError(err)
	}
	return ok, nil
}

func (r *Regexp) execBacktracking(engine *regexp2.Regexp, dst []int, subject []byte) ([]int, error) {
	s := r.borrow()
	defer r.giveBack(s)
	s.runes = liftRunes(s.runes[:0], subject)
	return r.runesMatch(engine, dst, s.runes)
}

// runesMatch is execBacktracking for a subject that is lifted already.
func (r *Regexp) runesMatch(engine *regexp2.Regexp, dst []int, subject []rune) ([]int, error) {
	m, err := engine.FindRunesMatch(subject)
	if err != nil {
		return nil, limitError(err)
	}
	if m == nil {
		return nil, nil
	}
	loc := make([]int, 0, 2*m.GroupCount())
	for i := 0; i < m.GroupCount(); i++ {
		g := m.GroupByNumber(i)
		if g == nil || len(g.Captures) == 0 {
			loc = append(loc, -1, -1)
			continue
		}
		loc = append(loc, g.RuneIndex, g.RuneIndex+g.RuneLength)
	}
	return r.spans(dst, loc), nil
}

// limitError says which limit was hit. The engine's own text is not used: it
// quotes the subject, which may hold secrets.
func limitError(err error) error {
	if errors.Is(err, regexp2.ErrBacktrackingStackLimit) {
		return fmt.Errorf("%w: stack", ErrLimit)
	}
	return fmt.Errorf("%w: time", ErrLimit)
}
