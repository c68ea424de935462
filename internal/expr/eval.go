package expr

import (
	"bytes"
	"cmp"
	"fmt"
	"math"

	"github.com/headgate/headgate/internal/ascii"
)

// maxGroups is the number of groups: $0 to $9.
const maxGroups = 10

// State holds the buffers of evaluations, which are reused, and the groups of the
// last regular expression that matched. The zero value is ready to use.
type State struct{ eval }

// Reset forgets the groups.
func (s *State) Reset() { s.forget() }

// SetGroups sets $0 to $9 for the string expressions evaluated next. spans are
// pairs of offsets in subject, start and end.
func (s *State) SetGroups(subject []byte, spans []int) {
	s.spans = append(s.spans[:0], spans[:min(len(spans), 2*maxGroups)]...)
	s.remember(subject)
}

// Group returns the value of $n; empty if the group does not exist or did not
// match. It is valid until the next evaluation.
func (s *State) Group(n int) []byte { return s.capture(n) }

// eval evaluates nodes. Its env is set only while an evaluation runs.
type eval struct {
	env     Env
	buf     []byte   // values built during one evaluation; only ever appended to
	parts   [][]byte // pieces of the concatenations being evaluated
	spans   []int    // of the last match
	subject []byte   // the text of the last match
	matched bool     // there was a match
	err     error    // the first error of this evaluation
}

// begin prepares e for an evaluation.
func (e *eval) begin(env Env) {
	e.env, e.buf, e.parts, e.err = env, e.buf[:0], e.parts[:0], nil
}

// end releases the request and returns the evaluation's error.
func (e *eval) end() error {
	e.env = nil
	return e.err
}

func (e *eval) fail(err error) {
	if e.err == nil {
		e.err = err
	}
}

func (e *eval) forget() {
	e.matched = false
	e.subject = e.subject[:0]
}

// remember keeps a copy of the subject that the offsets in spans refer to.
func (e *eval) remember(subject []byte) {
	e.subject = append(e.subject[:0], subject...)
	e.matched = true
}

func (e *eval) capture(n int) []byte {
	if !e.matched || 2*n+1 >= len(e.spans) || e.spans[2*n] < 0 {
		return nil
	}
	return e.subject[e.spans[2*n]:e.spans[2*n+1]]
}

// Eval evaluates the condition. It starts without groups and leaves the groups of
// its last match in st. On an error it returns false and the error; each
// directive has its own rule for errors.
func (b *Bool) Eval(env Env, st *State) (bool, error) {
	st.begin(env)
	st.forget()
	ok := st.cond(b.root)
	err := st.end()
	return ok && err == nil, err
}

// Append appends the value of the string to dst. $0 to $9 are the groups that an
// Eval or SetGroups left in st. On an error it returns dst unchanged.
func (s *String) Append(dst []byte, env Env, st *State) ([]byte, error) {
	size := len(dst)
	st.begin(env)
	switch s.root.kind {
	case wordText:
		dst = append(dst, s.root.lit...)
	case wordConcat:
		for _, n := range s.root.list {
			dst = append(dst, st.word(n)...)
		}
	default:
		dst = append(dst, st.word(s.root)...)
	}
	if err := st.end(); err != nil {
		return dst[:size], err
	}
	return dst, nil
}

func (e *eval) cond(n *node) bool {
	switch n.kind {
	case kindTrue:
		return true
	case kindNot:
		return !e.cond(n.list[0])
	case kindOr, kindAnd:
		for _, part := range n.list {
			if e.cond(part) == (n.kind == kindOr) {
				return n.kind == kindOr
			}
		}
		return n.kind == kindAnd
	case kindInteger:
		b := integer(e.word(n.b)) // httpd: the right word first, which shows in the order of Vary
		return n.rel.holds(compareInt(integer(e.word(n.a)), b))
	case kindText:
		b := e.word(n.b)
		return n.rel.holds(bytes.Compare(e.word(n.a), b))
	case kindSSL: // httpd: ssl_expr_eval_comp
		a, b := e.word(n.a), e.word(n.b)
		return n.rel.holds(cmp.Or(cmp.Compare(len(a), len(b)), bytes.Compare(a, b)))
	case kindMatch:
		return e.match(n) != n.neg
	case kindIn:
		return e.in(n)
	case kindUnary:
		return n.op.unary(e, n)
	case kindBinary:
		return n.op.binary(e, n)
	}
	return false
}

// match runs a regular expression. One without groups leaves $0 to $9 unchanged.
func (e *eval) match(n *node) bool {
	subject := e.word(n.a)
	if n.re.NumGroups() == 0 {
		ok, err := n.re.Test(subject)
		if err != nil {
			e.fail(err)
		}
		return ok
	}
	spans, err := n.re.Exec(e.spans, subject)
	if err != nil {
		e.fail(err)
	}
	if spans == nil {
		e.forget()
		return false
	}
	e.spans = spans
	e.remember(subject)
	return true
}

func (e *eval) in(n *node) bool {
	needle := e.word(n.a)
	if n.ext == nil {
		for _, w := range n.list {
			if bytes.Equal(needle, e.word(w)) {
				return true
			}
		}
		return false
	}
	arg := e.word(n.b)
	start := len(e.buf)
	e.buf = e.env.AppendExtern(e.buf, n.ext, arg)
	for rest := e.buf[start:]; len(rest) > 0; {
		var item []byte
		item, rest, _ = bytes.Cut(rest, []byte{0})
		if bytes.Equal(needle, item) {
			return true
		}
	}
	return false
}

// word returns the value of a word. It is valid for the whole evaluation: the
// buffer is never overwritten, and when it grows the old memory stays unchanged.
func (e *eval) word(n *node) []byte {
	switch n.kind {
	case wordText:
		return n.lit
	case wordGroup:
		// The next match may overwrite the subject: keep a copy.
		return e.keep(append(e.buf, e.capture(n.group)...))
	case wordVar:
		return e.keep(e.env.AppendVar(e.buf, n.v))
	case wordHeader:
		return e.header(n, RequestHeader, n.text)
	case wordFunc:
		return e.call(n)
	case wordExtern:
		var arg []byte
		if n.a != nil {
			arg = e.word(n.a)
		}
		return e.keep(e.env.AppendExtern(e.buf, n.ext, arg))
	case wordConcat:
		return e.concat(n)
	}
	e.fail(fmt.Errorf("internal evaluation error: unknown word %d", n.kind))
	return nil
}

// keep replaces the buffer with grown, which is the buffer with something
// appended, and returns the appended part.
func (e *eval) keep(grown []byte) []byte {
	start := len(e.buf)
	e.buf = grown
	return grown[start:len(grown):len(grown)]
}

func (e *eval) concat(n *node) []byte {
	base := len(e.parts)
	for _, w := range n.list {
		e.parts = append(e.parts, e.word(w))
	}
	out := e.buf
	for _, p := range e.parts[base:] {
		out = append(out, p...)
	}
	e.parts = e.parts[:base]
	return e.keep(out)
}

// header returns the value of a header field.
func (e *eval) header(n *node, t Table, name string) []byte {
	if n.vary {
		e.env.Vary(name)
	}
	out, _ := e.env.AppendEntry(e.buf, t, name)
	return e.keep(out)
}

func compareInt(x, y int64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// integer parses a number like C's strtoll: white space, a sign, digits. The rest
// is ignored, and a number out of range becomes the nearest limit.
func integer(s []byte) int64 {
	for len(s) > 0 && (s[0] == ' ' || s[0] >= '\t' && s[0] <= '\r') {
		s = s[1:]
	}
	neg := false
	if len(s) > 0 && (s[0] == '-' || s[0] == '+') {
		neg, s = s[0] == '-', s[1:]
	}
	var v int64
	for ; len(s) > 0 && ascii.IsDigit(s[0]); s = s[1:] {
		d := int64(s[0] - '0')
		if v > (math.MaxInt64-d)/10 {
			if neg {
				return math.MinInt64
			}
			return math.MaxInt64
		}
		v = v*10 + d
	}
	if neg {
		return -v
	}
	return v
}
