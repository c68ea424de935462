package proxyhtml

import (
	"bytes"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/syntax"
)

// urlMap is one ProxyHTMLURLMap.
type urlMap struct {
	from, to string
	re       *rx.Regexp // flag R: what from is

	links, events, text bool // where it applies: not where a flag h, e, c stands
	start, end          bool // flags ^ and $: in events and text only there
	last                bool // flag L
	fromVars, toVars    bool // flags v and V
	regex               bool
	fold                rx.Flags
	cond                *expr.Bool
	evals               *exchange.Evaluator
}

// setMap reads ProxyHTMLURLMap (httpd: set_urlmap, comp_urlmap).
func setMap(c *directive.Call, evals *exchange.Evaluator) error {
	from, rest := syntax.Word(c.Raw)
	to, rest := syntax.Word(rest)
	flags, rest := syntax.Word(rest)
	has := func(f string) bool { return strings.Contains(flags, f) }
	m := &urlMap{
		from: from, to: to, links: !has("h"), events: !has("e"), text: !has("c"), start: has("^"), end: has("$"), last: has("L"),
		fromVars: has("v"), toVars: has("V"), regex: has("R"), evals: evals,
	}
	if has("i") {
		m.fold |= rx.IgnoreCase
	}
	if has("x") {
		m.fold |= rx.Extended
	}
	if has("s") {
		m.fold |= rx.Multiline
	}
	if has("l") {
		c.Warn("flag l has no effect, as in httpd: a link is mapped once")
	}
	if from == "" {
		c.Warn("the pattern is empty: it is ignored")
		return nil
	}
	var err error
	if m.regex && !m.fromVars {
		if m.re, err = rx.Compile(from, m.fold); err != nil {
			return c.Hinted(c.Errorf("ProxyHTMLURLMap: the pattern could not be compiled"), err.Error())
		}
		if m.re.Backtracking() {
			c.Warn("the pattern needs backtracking, which is slower and bounded: when a bound is hit it does not match")
		}
	}
	if cond, _ := syntax.Word(rest); flags != "" && cond != "" {
		if m.cond, err = expr.ParseBool(oldCondition(cond), expr.Options{}); err != nil {
			return c.Errorf("%w", err)
		}
	}
	s := slot.Of(c.Dir)
	s.maps = append(s.maps, m)
	return nil
}

// oldCondition writes a condition such as var=value or !var=value as an expression,
// as httpd does; of a name alone that makes none, which it refuses.
func oldCondition(cond string) string {
	name, not := strings.CutPrefix(cond, "!")
	end := 0
	for end < len(name) && (ascii.IsAlpha(name[end]) || ascii.IsDigit(name[end]) || name[end] == '_') {
		end++
	}
	if end == 0 || end < len(name) && (name[end] != '=' || end+1 == len(name)) {
		return cond
	}
	op, value := "", ""
	if not {
		op = "!"
	}
	if end < len(name) {
		op, value = op+"=", name[end+1:]
	}
	return "reqenv('" + name[:end] + "')" + op + "'" + value + "'"
}

// active returns the maps for a response: with ProxyHTMLInterp those whose
// condition holds, with variables replaced. httpd: without it no condition counts.
func (f *filter) active(x *exchange.Exchange) []*urlMap {
	if !f.conf.interp {
		return f.conf.maps
	}
	var out []*urlMap
	for _, m := range f.conf.maps {
		if m.cond != nil {
			if ok, err := m.evals.Bool(m.cond, x); err != nil || !ok {
				continue
			}
		}
		if m.fromVars || m.toVars {
			if m = m.interpolated(x); m == nil {
				continue
			}
		}
		out = append(out, m)
	}
	return out
}

// interpolated returns m with variables replaced; nil: its pattern is empty or
// malformed then.
func (m *urlMap) interpolated(x *exchange.Exchange) *urlMap {
	n := *m
	if m.toVars {
		n.to = interpolate(x, m.to)
	}
	if !m.fromVars {
		return &n
	}
	if n.from = interpolate(x, m.from); n.from == "" {
		return nil
	}
	if m.regex {
		re, err := rx.Compile(n.from, m.fold)
		if err != nil {
			x.Logf(logsink.Error, "proxy_html", "", "ProxyHTMLURLMap: the pattern %q could not be compiled: %v", n.from, err)
			return nil
		}
		n.re = re
	}
	return &n
}

// interpolate replaces ${name} and ${name|default} by variables of the request.
func interpolate(x *exchange.Exchange, s string) string {
	var b strings.Builder
	for {
		start := strings.Index(s, "${")
		if start < 0 {
			break
		}
		end := strings.IndexByte(s[start:], '}')
		if end < 0 {
			break
		}
		name, def, _ := strings.Cut(s[start+2:start+end], "|")
		b.WriteString(s[:start])
		if v, ok := x.Env.Get(name); ok {
			b.Write(v)
		} else {
			b.WriteString(def)
		}
		s = s[start+end+1:]
	}
	return b.String() + s
}

// link maps the value of a link by the first map that matches.
func (r *rewriter) link(value []byte) (out []byte, changed bool) {
	for _, m := range r.maps {
		if !m.links {
			continue
		}
		if m.re == nil {
			if ascii.HasPrefixFoldBytes(value, m.from) {
				return append([]byte(m.to), value[len(m.from):]...), true
			}
			continue
		}
		if caps := m.re.Find(r.caps[:0], value); caps != nil {
			out = append(out, value[:caps[0]]...)
			out = rx.Expand(out, m.to, value, caps)
			return append(out, value[caps[1]:]...), true
		}
	}
	return value, false
}

// script maps all matches in the text of a script or style, or in the value of an
// event. httpd: flag L counts in events only.
func (r *rewriter) script(value []byte, event bool) (out []byte, changed bool) {
	for _, m := range r.maps {
		if event && !m.events || !event && !m.text {
			continue
		}
		var matched bool
		if m.re != nil {
			value, matched = r.replaceRegexp(m, value)
		} else {
			value, matched = replaceText(m, value, event)
		}
		changed = changed || matched
		if matched && m.last && event {
			break
		}
	}
	return value, changed
}

func (r *rewriter) replaceRegexp(m *urlMap, value []byte) ([]byte, bool) {
	all := m.re.All(value)
	defer all.Close()
	var out []byte
	done := 0
	for {
		caps, err := all.Next(r.caps[:0])
		if err != nil || caps == nil || caps[1] == caps[0] {
			break // Ours: a match of nothing ends it; httpd never ends
		}
		r.caps = caps
		out = append(out, value[done:caps[0]]...)
		out = rx.Expand(out, m.to, value, caps)
		done = caps[1]
	}
	if done == 0 {
		return value, false
	}
	return append(out, value[done:]...), true
}

// replaceText replaces the text of m. httpd: in events flag ^ demands that value
// begins with it, and then counts for all of them.
func replaceText(m *urlMap, value []byte, event bool) ([]byte, bool) {
	from := []byte(m.from)
	switch {
	case m.start && !bytes.HasPrefix(value, from), m.end && !bytes.HasSuffix(value, from), !bytes.Contains(value, from):
		return value, false
	case m.end && (!m.start || len(value) == len(from)):
		return append(bytes.Clone(value[:len(value)-len(from)]), m.to...), true
	case m.end:
		return value, false
	case m.start && !event:
		return append([]byte(m.to), value[len(from):]...), true
	}
	return bytes.ReplaceAll(value, from, []byte(m.to)), true
}
