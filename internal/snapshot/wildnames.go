package snapshot

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/glob"
	"github.com/headgate/headgate/internal/prefix"
)

// wildNames holds the ServerAlias values with * or ? of one address. Each is
// indexed by the longest text between its wildcards: only patterns whose text
// occurs at the right position in a name are tested.
type wildNames struct {
	list  []wildName // in file order
	heads prefix.Tree
	tails prefix.Tree // backwards
	inner prefix.Tree // searched for everywhere in a name
}

type wildName struct {
	pattern string // lower case
	index   int    // of the host
}

// empty reports that there is no pattern.
func (w *wildNames) empty() bool { return len(w.list) == 0 }

// add appends a pattern of a host. Indices must not decrease.
func (w *wildNames) add(pattern string, index int) {
	at := int32(len(w.list))
	w.list = append(w.list, wildName{pattern, index})
	head := pattern[:strings.IndexAny(pattern, "*?")]
	tail := pattern[strings.LastIndexAny(pattern, "*?")+1:]
	longest := ""
	for text := range strings.FieldsFuncSeq(pattern, func(c rune) bool { return c == '*' || c == '?' }) {
		if len(text) > len(longest) {
			longest = text
		}
	}
	switch len(longest) {
	case len(tail):
		w.tails.Add(string(backwards(nil, []byte(tail))), at)
	case len(head):
		w.heads.Add(head, at)
	default:
		w.inner.Add(longest, at)
	}
}

// find returns the first host before best with a pattern that matches name, or
// best if there is none.
func (w *wildNames) find(name []byte, best int) int {
	if len(w.list) == 0 || w.list[0].index >= best {
		return best
	}
	best = w.ask(w.heads.Walk(name), name, best)
	if !w.inner.Empty() {
		for i := range name {
			best = w.ask(w.inner.Walk(name[i:]), name, best)
		}
	}
	var room [maxName]byte
	return w.ask(w.tails.Walk(backwards(room[:0], name)), name, best)
}

// maxName is enough for most names.
const maxName = 128

func (w *wildNames) ask(walk prefix.Walk, name []byte, best int) int {
	for {
		_, list := walk.Next(prefix.None)
		if list == nil {
			return best
		}
		for _, i := range list {
			p := &w.list[i]
			if p.index >= best {
				break
			}
			if glob.Match(p.pattern, name, glob.Simple) {
				best = p.index
			}
		}
	}
}

// backwards appends the bytes of s in reverse.
func backwards(dst, s []byte) []byte {
	dst = append(dst, s...)
	slices.Reverse(dst)
	return dst
}
