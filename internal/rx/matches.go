package rx

import "unicode/utf8"

// Matches finds the matches of a Regexp in one subject, one after another. Each
// is looked for in the bytes after the previous one as if the subject began
// there: ^ matches again, and \b and look-behind see nothing of what came before.
//
// httpd: the loops of mod_substitute and mod_proxy_html.
type Matches struct {
	re      *Regexp
	subject []byte
	at      int // where the next search begins

	mem    *scratch // the subject in the form of the engine; nil: it is the subject
	lifted []byte   // of RE2: what is left of it
	runes  []rune   // of the backtracker
}

// All prepares the search for the matches of r in subject, which is not changed
// until Close.
func (r *Regexp) All(subject []byte) Matches {
	m := Matches{re: r, subject: subject}
	switch {
	case r.shape != nil, r.exact != nil: // Exec has more to do
	case r.net != nil:
		m.mem = r.borrow()
		m.mem.runes = liftRunes(m.mem.runes[:0], subject)
		m.runes = m.mem.runes
	case !isASCII(subject):
		m.mem = r.borrow()
		m.mem.bytes = lift(m.mem.bytes[:0], subject)
		m.lifted = m.mem.bytes
	}
	return m
}

// Next returns the next match as Exec does, with positions in the subject; nil:
// there is none.
func (m *Matches) Next(dst []int) ([]int, error) {
	caps, err := m.find(dst)
	if err != nil || caps == nil {
		return nil, err
	}
	for i := range caps {
		if caps[i] >= 0 {
			caps[i] += m.at
		}
	}
	m.skip(caps[1] - m.at)
	return caps, nil
}

func (m *Matches) find(dst []int) ([]int, error) {
	switch {
	case m.runes != nil:
		return m.re.runesMatch(m.re.net, dst[:0], m.runes)
	case m.lifted == nil && m.re.re2 != nil && m.re.exact == nil: // ASCII, without another look at it
		return m.re.spans(dst[:0], m.re.re2.FindSubmatchIndex(m.subject[m.at:])), nil
	case m.lifted == nil:
		return m.re.Exec(dst, m.subject[m.at:])
	}
	loc := m.re.re2.FindSubmatchIndex(m.lifted)
	for i, at := range loc {
		loc[i] = lower(m.lifted, at)
	}
	return m.re.spans(dst[:0], loc), nil
}

// skip moves the beginning of the next search n bytes on.
func (m *Matches) skip(n int) {
	m.at += n
	if m.runes != nil {
		m.runes = m.runes[n:]
	}
	if m.lifted != nil {
		for range n {
			_, size := utf8.DecodeRune(m.lifted)
			m.lifted = m.lifted[size:]
		}
	}
}

// Close frees the memory of the search.
func (m *Matches) Close() {
	if m.mem != nil {
		m.re.giveBack(m.mem)
		*m = Matches{}
	}
}
