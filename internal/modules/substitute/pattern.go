package substitute

import (
	"bytes"

	"github.com/headgate/headgate/internal/rx"
)

// pattern is one Substitute.
type pattern struct {
	re      *rx.Regexp // what is replaced; nil: from is
	from    []byte
	to      string // the replacement
	literal bool   // flag n: to has no references to groups
	flat    bool   // what it makes of a line is one piece for the next pattern
}

// lines rewrites the lines of one body.
type lines struct {
	patterns []*pattern
	max      int    // the longest line in bytes
	rest     []byte // of a line whose end has not come
	out      []byte // what has become of the lines

	// The line that is rewritten, in pieces: a pattern does not match across their
	// borders. cuts are the positions in text of those inside of it.
	text, spare     []byte
	cuts, spareCuts []int
	caps            []int
	limit           error // a regular expression hit a limit
}

// take adds p to the body and rewrites the lines that are complete, and the rest
// of the body if it ends. false: a line is too long.
func (l *lines) take(p []byte, end bool) bool {
	for len(p) > 0 {
		n := bytes.IndexByte(p, '\n') + 1
		if n == 0 {
			n = len(p)
			if len(l.rest)+n > l.max {
				return false
			}
			l.rest = append(l.rest, p...)
			break
		}
		if len(l.rest)+n > l.max {
			return false
		}
		line := p[:n]
		if len(l.rest) > 0 {
			l.rest = append(l.rest, line...)
			line = l.rest
		}
		if !l.rewrite(line) {
			return false
		}
		l.rest, p = l.rest[:0], p[n:]
	}
	if end && len(l.rest) > 0 {
		ok := l.rewrite(l.rest)
		l.rest = l.rest[:0]
		return ok
	}
	return true
}

// rewrite adds what becomes of a line to out (httpd: do_pattmatch).
func (l *lines) rewrite(line []byte) bool {
	text := line // not copied as long as nothing matches
	l.cuts = l.cuts[:0]
	for _, p := range l.patterns {
		changed, ok := l.apply(p, text)
		if !ok {
			return false
		}
		if changed {
			l.text, l.spare = l.spare, l.text
			l.cuts, l.spareCuts = l.spareCuts, l.cuts
			text = l.text
		}
	}
	l.out = append(l.out, text...)
	return true
}

// apply makes the next text in spare and spareCuts if p matches anywhere.
func (l *lines) apply(p *pattern, text []byte) (changed, ok bool) {
	l.spare, l.spareCuts = l.spare[:0], l.spareCuts[:0]
	// httpd: with one pattern nothing is made one piece again.
	e := edit{lines: l, pattern: p, text: text, quick: !p.flat || len(l.patterns) == 1}
	from := 0
	for i := range len(l.cuts) + 1 {
		to := len(text)
		if i < len(l.cuts) {
			to = l.cuts[i]
		}
		if !e.piece(from, to) {
			return false, false
		}
		if to < len(text) {
			l.cut(len(l.spare) + to - e.done)
		}
		from = to
	}
	if e.changed {
		l.spare = append(l.spare, text[e.done:]...)
	}
	return e.changed, true
}

// cut ends a piece of the next text.
func (l *lines) cut(at int) {
	if n := len(l.spareCuts); at > 0 && (n == 0 || l.spareCuts[n-1] < at) {
		l.spareCuts = append(l.spareCuts, at)
	}
}

// edit is one pattern applied to one line.
type edit struct {
	*lines
	*pattern
	text    []byte // hides that of lines
	quick   bool   // a replacement and what is around it become pieces
	changed bool
	done    int // so many bytes of text are in spare already
}

// piece replaces the matches in text[from:to]. false: the line would become too
// long. As in httpd each piece has the limit, which is counted differently for
// text and for regular expressions.
func (e *edit) piece(from, to int) bool {
	var m rx.Matches
	if e.re != nil {
		m = e.re.All(e.text[from:to])
		defer m.Close()
	}
	size, at := 0, from // of what is made of the piece; behind the latest match
	for {
		start, end := e.next(&m, from, at, to)
		// Ours: a match of nothing is replaced once; httpd never ends replacing it.
		if start < 0 || start == end && start == at && at > from {
			break
		}
		size += start - at
		n := e.replace(start, end)
		if size += n; e.literal && size > e.max || !e.literal && (size >= e.max || size-n >= e.max) {
			return false
		}
		if at = end; start == end {
			break
		}
	}
	return !e.literal || !e.quick || at == from || to-at <= e.max-size
}

// next returns where the next match is in text, -1: there is none. The piece
// begins at from, what is left of it at at.
func (e *edit) next(m *rx.Matches, from, at, to int) (start, end int) {
	if e.re == nil {
		i := bytes.Index(e.text[at:to], e.from)
		if i < 0 {
			return -1, -1
		}
		return at + i, at + i + len(e.from)
	}
	caps, err := m.Next(e.caps)
	if err != nil {
		e.limit = err
	}
	if caps == nil {
		return -1, -1
	}
	e.caps = caps
	for i := range caps {
		if caps[i] >= 0 {
			caps[i] += from
		}
	}
	return caps[0], caps[1]
}

// replace adds the text up to a match, and the replacement, whose length it
// returns.
func (e *edit) replace(start, end int) int {
	e.changed = true
	e.spare = append(e.spare, e.text[e.done:start]...)
	before := len(e.spare)
	if e.literal {
		e.spare = append(e.spare, e.to...)
	} else {
		e.spare = rx.Expand(e.spare, e.to, e.text, e.caps)
	}
	if e.quick {
		e.cut(before)
		e.cut(len(e.spare))
	}
	e.done = end
	return len(e.spare) - before
}
