package snapshot

import (
	"bytes"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/prefix"
)

// finder finds the sections of a list that apply without testing each of them.
// Plain <Location> values are looked up; of the others, only those with a
// matcher whose head the subject begins with are tested.
type finder struct {
	list     []Section
	owner    uint64  // of the table that the sections are in
	first    int     // number of the list's first section among all of its kind
	inner    []inner // nested in each section; nil: nothing in any
	plain    segments
	heads    prefix.Tree
	patterns prefix.Tree // those with regular expressions
}

// newFinder compiles a list whose sections are numbered from first on.
func newFinder(list []Section, owner uint64, first int) finder {
	f := finder{list: list, owner: owner, first: first}
	for i := range list {
		switch m := list[i].Match.(type) {
		case Prefix:
			f.plain.add(string(m), int32(i))
		case *Regex:
			f.patterns.Add(m.Re.Head(), int32(i))
		default:
			f.heads.Add(head(m), int32(i))
		}
	}
	return f
}

// match appends the keys of the sections that apply to subject, in the order
// of the list. raw is the subject that regular expressions see.
func (f *finder) match(k []byte, kind int, x *exchange.Exchange, subject, raw []byte) []byte {
	if len(f.list) == 0 {
		return k
	}
	var room [32]int32
	hits := f.hits(room[:0], x, subject)
	if !f.patterns.Empty() {
		hits = f.ask(hits, &f.patterns, x, raw)
		slices.Sort(hits)
	}
	return f.keys(k, kind, hits)
}

// hits appends the sections without a regular expression that apply to subject, in
// the order of the list.
func (f *finder) hits(hits []int32, x *exchange.Exchange, subject []byte) []int32 {
	hits = f.plain.find(hits, subject)
	if !f.heads.Empty() {
		hits = f.ask(hits, &f.heads, x, subject)
	}
	if len(hits) > 1 {
		slices.Sort(hits)
	}
	return hits
}

// matchPatterns is match for the sections with a regular expression alone.
func (f *finder) matchPatterns(k []byte, kind int, x *exchange.Exchange, raw []byte) []byte {
	if f.patterns.Empty() {
		return k
	}
	var room [32]int32
	hits := f.ask(room[:0], &f.patterns, x, raw)
	slices.Sort(hits)
	return f.keys(k, kind, hits)
}

func (f *finder) keys(k []byte, kind int, hits []int32) []byte {
	for _, i := range hits {
		k = key(k, f.owner, kind, f.first+int(i))
	}
	return k
}

// ask appends the sections of a tree that apply to subject.
func (f *finder) ask(hits []int32, t *prefix.Tree, x *exchange.Exchange, subject []byte) []int32 {
	w := t.Walk(subject)
	for {
		_, list := w.Next(prefix.None)
		if list == nil {
			return hits
		}
		for _, i := range list {
			if f.list[i].Match.Match(x, subject) {
				hits = append(hits, i)
			}
		}
	}
}

// head returns the text that every subject matched by m begins with.
func head(m Matcher) string {
	switch m := m.(type) {
	case URLPrefix:
		return string(m)
	case Folder:
		return strings.TrimRight(string(m), "/")
	case Name:
		return string(m)
	case Glob:
		h := m.Pattern
		if i := strings.IndexAny(h, `*?[\`); i >= 0 {
			h = h[:i]
		}
		if m.Below {
			h = strings.TrimRight(h, "/")
		}
		return h
	}
	return ""
}

// segments holds the values of Prefix matchers for look-up.
type segments struct {
	values map[string][]int32 // sections by value
	deep   int                // length of the longest value
}

func (s *segments) add(value string, section int32) {
	if s.values == nil {
		s.values = make(map[string][]int32)
	}
	s.values[value] = append(s.values[value], section)
	s.deep = max(s.deep, len(value))
}

// find appends the sections whose value is path or a parent of it.
func (s *segments) find(hits []int32, path []byte) []int32 {
	if len(s.values) == 0 {
		return hits
	}
	for n := 0; n <= len(path) && n <= s.deep; {
		// A value ends before a slash, after one, or with the path.
		hits = append(hits, s.values[string(path[:n])]...)
		if n == len(path) {
			break
		}
		if path[n] == '/' {
			n++
			continue
		}
		next := bytes.IndexByte(path[n:], '/')
		if next < 0 {
			n = len(path)
			continue
		}
		n += next
	}
	return hits
}
