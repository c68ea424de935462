package mapping

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/record"
)

var _ exchange.Latecomer = (*Translator)(nil)

// recorded is Translate for an exchange that has a recorder: it tells which rule
// decides, and which ones behind it would have matched.
func (t *Translator) recorded(x *exchange.Exchange) (exchange.Handler, error) {
	path, before := x.Path, x.Mapping
	h, err := t.choose(x)
	if v, ok := x.Env.Get("no-proxy"); ok && h == nil {
		x.Recorder.Record(record.Note{Text: "the variable no-proxy is set (to \"" + string(v) + "\"): no ProxyPass is asked"})
		return h, err
	}
	var decided *PassRule
	t.each(x, path, func(r *PassRule) {
		if decided != nil {
			if !r.falls(decided) {
				t.late(x, r, path)
			}
			return
		}
		decided = r
		e := record.Mapping{Line: r.line(), To: record.ToBackend, Target: string(x.Out.URL)}
		if r.Deny {
			e.To, e.Target = record.ToExcluded, ""
		} else if x.Mapping != before {
			e.Line = x.Mapping.Line()
		}
		x.Recorder.Record(e)
	})
	return h, err
}

// Late implements exchange.Latecomer.
func (t *Translator) Late(x *exchange.Exchange, path []byte) {
	t.each(x, path, func(r *PassRule) {
		if r.Path != "/" {
			t.late(x, r, path)
		}
	})
}

// falls reports whether r is meant to come after another rule: it is for a shorter
// prefix, or for all that is left.
func (r *PassRule) falls(after *PassRule) bool {
	return r.Path == "/" || r.Regex == nil && after.Regex == nil && len(r.Path) < len(after.Path)
}

func (t *Translator) late(x *exchange.Exchange, r *PassRule, path []byte) {
	x.Recorder.Record(record.Late{Line: r.line(), Path: string(path)})
}

// each calls found for the rules that match path, in httpd's order.
func (t *Translator) each(x *exchange.Exchange, path []byte, found func(*PassRule)) {
	if len(path) == 0 || path[0] != '/' {
		return
	}
	was := x.Path
	x.Path = path
	defer func() { x.Path = was }()
	q := t.queries.Get().(*Query)
	defer t.queries.Put(q)
	t.ask(q, x)
	if t.rule != nil {
		if _, ok := t.rule.matches(q, &x.Arena); ok && !t.skips(x, t.rule) {
			found(t.rule)
		}
	}
	for _, r := range t.list.Rules() {
		if _, ok := r.matches(q, &x.Arena); ok && r != t.rule && !t.skips(x, r) {
			found(r)
		}
	}
}

func (r *PassRule) line() record.Line {
	m := exchange.Mapping{Rule: r.Rule, Place: r.Place, Written: r.Written}
	return m.Line()
}
