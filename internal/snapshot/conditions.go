package snapshot

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/record"
)

// If is one <If>, <ElseIf> or <Else>.
type If struct {
	When    *expr.Bool // nil: <Else>
	Chained bool       // <ElseIf> or <Else>: evaluated only if the previous one did not hold
	Dir     *directive.Confs
	Defined string // "file:line"
	Tag     string // "<If "...">"
	Ifs     []If   // nested in it
}

// inner is the compiled form of Inner.
type inner struct {
	files finder
	ifs   []branch
}

func (in *inner) empty() bool { return len(in.files.list) == 0 && len(in.ifs) == 0 }

// branch is a compiled If.
type branch struct {
	If
	index int // index among all conditions of the site
}

// matchIfs appends the conditions that hold: those of the server, then those
// nested in the sections of k, in the order these merge; then those nested in
// conditions that hold (httpd: ap_if_walk, which goes by level too).
func (s *Sections) matchIfs(k []byte, over []*accessFile, x *exchange.Exchange) []byte {
	some := len(s.confs[kindIf]) > 0
	for _, a := range over {
		some = some || len(a.confs[kindIf]) > 0
	}
	if !some {
		return k
	}
	sections := len(k)
	k = s.holding(k, x, &s.table, s.inner.ifs)
	for at := 0; at < len(k); at += entrySize {
		owner, kind, i := entry(k[at:])
		t := s.of(owner, over)
		if at < sections {
			k = s.holding(k, x, t, s.innerOf(t, kind, i))
		} else {
			k = s.holding(k, x, t, t.nested[i])
		}
	}
	return k
}

// innerOf returns the conditions nested in a section.
func (s *Sections) innerOf(t *table, kind, i int) []branch {
	switch kind {
	case kindDir:
		return t.dirs.ifs(i)
	case kindProxy:
		return s.proxies.ifs(i)
	case kindLocation:
		return s.locations.ifs(i)
	}
	if f := &s.inner.files; t == &s.table && i >= f.first && i < f.first+len(f.list) {
		return f.ifs(i)
	}
	return t.fileIfs(i)
}

// ifs returns the conditions nested in section i of its kind.
func (f *finder) ifs(i int) []branch {
	if f.inner == nil {
		return nil
	}
	return f.inner[i-f.first].ifs
}

// fileIfs returns the conditions nested in <Files> section i, which is nested in one for a folder.
func (t *table) fileIfs(i int) []branch {
	for d := range t.dirs.inner {
		if f := &t.dirs.inner[d].files; i >= f.first && i < f.first+len(f.list) {
			return f.ifs(i)
		}
	}
	return nil
}

// holding appends the conditions of a list that hold.
func (s *Sections) holding(k []byte, x *exchange.Exchange, t *table, list []branch) []byte {
	held := false
	for i := range list {
		b := &list[i]
		if b.Chained && held {
			if x.Recorder != nil {
				x.Recorder.Record(record.If{Section: t.shown[kindIf][b.index]})
			}
			continue
		}
		if held = b.When == nil || s.holds(x, b); x.Recorder != nil {
			x.Recorder.Record(record.If{Section: t.shown[kindIf][b.index], Holds: held, Asked: true})
		}
		if held {
			k = key(k, t.owner, kindIf, b.index)
		}
	}
	return k
}

// holds evaluates a condition. One that cannot be evaluated does not hold, as in
// httpd, and is logged.
func (s *Sections) holds(x *exchange.Exchange, b *branch) bool {
	ok, err := s.expressions.Bool(b.When, x)
	if err != nil {
		x.Logf(logsink.Error, "core", "AH00039", "Failed to evaluate <If > condition: %v (%s)", err, b.Defined)
		return false
	}
	return ok
}
