package rewrite

import (
	"bytes"
	"strings"
	"sync"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/record"
)

// ruleset holds the rules of one server or section, and the configuration they
// need.
type ruleset struct {
	rules   []*rule
	maps    map[string]mapping // of the server
	dir     string             // the section they are in, with a slash at its end; "" in a server
	base    string             // RewriteBase; "" for none
	options options
	pool    *sync.Pool // of *run
}

// run is one pass of a request through a ruleset. It is taken from a pool.
type run struct {
	x          *exchange.Exchange
	set        *ruleset
	uri        []byte // the text that the current rule's pattern is matched against
	ruleGroups [10][]byte
	condGroups [10][]byte
	status     int    // the status that a rule forces, or of the redirect
	last       *rule  // the last rule that substituted
	changed    *rule  // the rule that made the result
	reduced    bool   // scheme, host and port of this server were removed from the result
	proxied    bool   // in a section: the request is mapped to a backend
	pathInfo   []byte // in a section: the part of the path after the file; every rule sees it again
	trace      int
	at         int          // the index of the current rule
	tried      *record.Rule // the record of the current rule; nil without a recorder
	spans      [20]int
	buf        []byte
}

// outcome is the decision of a list of rules.
type outcome uint8

const (
	unchanged outcome = iota
	rewritten
	verbatim // rewritten, and must not be escaped
	answered // the response has the status run.status
)

func newRuns() *sync.Pool { return &sync.Pool{New: func() any { return new(run) }} }

func (s *ruleset) begin(x *exchange.Exchange) *run {
	u := s.pool.Get().(*run)
	u.x, u.set, u.trace = x, s, traceLevel(x)
	return u
}

func (u *run) end() {
	pool, buf := u.set.pool, u.buf
	*u = run{buf: buf}
	pool.Put(u)
}

// apply runs the list of rules.
func (u *run) apply() outcome {
	if u.x.Recorder != nil {
		return u.recorded()
	}
	return u.list()
}

// list runs the list of rules, with or without a recorder. httpd:
// apply_rewrite_list.
func (u *run) list() outcome {
	result, round := unchanged, 1
	rules := u.set.rules
	for i := 0; i < len(rules); i++ {
		r := rules[i]
		if u.x.Main != nil && r.flags&(flagNoSubrequest|flagRedirect) != 0 {
			continue
		}
		u.at = i
		did := u.rule(r)
		if u.tried != nil {
			u.record(r, did)
		}
		switch did {
		case noMatch:
			for i < len(rules) && rules[i].flags&flagChain != 0 {
				i++
			}
			continue
		case refused:
			return answered
		}
		if u.tooLong(r) {
			return answered
		}
		if r.flags&flagForceStatus != 0 {
			return answered
		}
		if did == substituted {
			if u.traces(2) {
				u.tracef(2, u.set.dir, "setting lastsub to rule with output %s", r.output)
			}
			u.last = r
			if result = rewritten; r.flags&flagNoEscape != 0 {
				result = verbatim
			}
			u.changed = r
		}
		if r.flags&flagPassThrough != 0 {
			u.passThrough(r)
			return rewritten
		}
		if r.flags&flagEnd != 0 {
			if u.traces(8) {
				u.tracef(8, u.set.dir, "Rule has END flag, no further rewriting for this request")
			}
			u.x.Notes.Set(endNote, nil)
			return result
		}
		if r.flags&(flagProxy|flagLast) != 0 {
			return result
		}
		if r.flags&flagNext != 0 {
			if round++; round >= r.rounds {
				return u.endless(r)
			}
			i = -1
			continue
		}
		i += max(r.skip, 0)
	}
	return result
}

const passPrefix = "passthrough:"

// passThrough marks the result as a path for the next module that maps paths.
func (u *run) passThrough(r *rule) {
	if u.traces(2) {
		u.tracef(2, u.set.dir, "forcing '%s' to get passed through to next API URI-to-filename handler", u.x.Filename)
	}
	u.x.Filename = u.x.Arena.Join([]byte(passPrefix), u.x.Filename)
	if u.changed == nil {
		u.changed = r
	}
}

// tooLong ends a run whose rules make the URL longer and longer.
func (u *run) tooLong(r *rule) bool {
	most := 2 * u.x.Site.LimitLine
	if len(u.x.Filename) <= most {
		return false
	}
	u.x.Logf(logsink.Error, "rewrite", "", "RewriteRule '%s' and URI '%s' exceeded maximum length (%d)", r.pattern, u.x.Path, most)
	u.status = 500
	return true
}

func (u *run) endless(r *rule) outcome {
	u.x.Logf(logsink.Error, "rewrite", "AH02596", "RewriteRule '%s' and URI '%s' exceeded maximum number of rounds (%d) via the [N] flag",
		r.pattern, u.x.Path, r.rounds)
	u.status = 500
	return answered
}

// effect is the result of one rule.
type effect uint8

const (
	noMatch effect = iota
	substituted
	matched // the rule matched and has no substitution
	refused // the response has the status run.status
)

// rule applies one rule. httpd: apply_rewrite_rule.
func (u *run) rule(r *rule) effect {
	x := u.x
	u.subject()
	if u.traces(3) {
		u.tracef(3, u.set.dir, "applying pattern '%s' to uri '%s'", r.pattern, u.uri)
	}
	if !u.matches(r) {
		return noMatch
	}
	if u.tried != nil {
		u.tried.Matched = true
	}
	if !u.conditions(r) {
		return noMatch
	}
	var name []byte
	unsafe := false
	if !r.noSubst {
		name, unsafe = u.substitution(r)
		if u.traces(2) {
			u.tracef(2, u.set.dir, "rewrite '%s' -> '%s'", u.uri, name)
		}
	}
	if unsafe && r.flags&flagAllow3F == 0 && !u.proxied { // the file name of a mapped request contains its query
		x.Logf(logsink.Error, "rewrite", "AH10508", "Unsafe URL with %%3f URL rewritten without UnsafeAllow3F")
		u.status = 403
		return refused
	}
	u.assign(r)
	if r.noSubst {
		u.force(r)
		if r.flags&flagForceStatus != 0 {
			if u.traces(2) {
				u.tracef(2, u.set.dir, "forcing responsecode %d for %s", r.status, x.Filename)
			}
			u.status = r.status
		}
		return matched
	}
	x.Filename = name
	if u.set.dir != "" && r.flags&flagDiscardPath != 0 {
		u.pathInfo = nil
	}
	u.splitQuery(r)
	return u.adapt(r)
}

// adapt turns the result of a rule into a path or a URL. httpd: the second half
// of apply_rewrite_rule.
func (u *run) adapt(r *rule) effect {
	x, dir := u.x, u.set.dir
	n, _ := absolute(x.Filename)
	if relative := n == 0 && (len(x.Filename) == 0 || x.Filename[0] != '/'); relative && !u.proxied {
		if dir != "" {
			if u.traces(3) {
				u.tracef(3, dir, "add per-dir prefix: %s -> %s%s", x.Filename, dir, x.Filename)
			}
			x.Filename = x.Arena.Join([]byte(dir), x.Filename)
		} else if r.flags&(flagProxy|flagRedirect) == 0 {
			if u.traces(3) {
				u.tracef(3, dir, "add root prefix: %s -> /%s", x.Filename, x.Filename)
			}
			x.Filename = x.Arena.Join([]byte("/"), x.Filename)
		}
	}
	if r.flags&flagProxy != 0 {
		u.proxy(r)
		return substituted
	}
	if r.flags&flagRedirect != 0 {
		x.Filename = qualify(x, x.Filename)
		if u.traces(2) {
			u.tracef(2, dir, "explicitly forcing redirect with %s", x.Filename)
		}
		u.status = r.status
		return substituted
	}
	u.reduce()
	if n, _ := absolute(x.Filename); n > 0 {
		if u.traces(2) {
			u.tracef(2, dir, "implicitly forcing redirect (rc=%d with %s", r.status, x.Filename)
		}
		u.status = r.status
		return substituted
	}
	u.force(r)
	return substituted
}

// subject sets the text that patterns are matched against: in a server the path,
// in a section the file name and path info without the section's folder.
func (u *run) subject() {
	u.uri = u.x.Filename
	dir := u.set.dir
	if dir == "" {
		return
	}
	if len(u.pathInfo) > 0 {
		if u.traces(3) {
			u.tracef(3, dir, "add path info postfix: %s -> %s%s", u.uri, u.uri, u.pathInfo)
		}
		u.uri = u.x.Arena.Join(u.uri, u.pathInfo)
	}
	if !u.proxied && bytes.HasPrefix(u.uri, []byte(dir)) {
		if u.traces(3) {
			u.tracef(3, dir, "strip per-dir prefix: %s -> %s", u.uri, u.uri[len(dir):])
		}
		u.uri = u.uri[len(dir):]
	}
}

// matches matches the pattern, and keeps its groups if the rule uses them. If the
// pattern exceeds a limit, the rule does not match, even with a "!", and that is
// logged.
func (u *run) matches(r *rule) bool {
	var hit bool
	var err error
	if r.re.Backtracking() && r.groups {
		hit, err = true, nil // one search is enough
	} else {
		hit, err = r.re.Test(u.uri)
	}
	if err == nil && hit && r.groups {
		var spans []int
		spans, err = r.re.Exec(u.spans[:0], u.uri)
		if hit = spans != nil; hit {
			setGroups(&u.ruleGroups, u.uri, spans)
		}
	}
	if err != nil {
		u.x.Logf(logsink.Error, "rewrite", "", "RewriteRule '%s' gave up on '%s': %v", r.pattern, u.uri, err)
		return false
	}
	if hit == r.not {
		return false
	}
	if !r.groups {
		u.ruleGroups = [10][]byte{}
	}
	u.condGroups = [10][]byte{}
	return true
}

func setGroups(groups *[10][]byte, subject []byte, spans []int) {
	*groups = [10][]byte{}
	for i := 0; 2*i+1 < len(spans) && i < len(groups); i++ {
		if spans[2*i] >= 0 {
			groups[i] = subject[spans[2*i]:spans[2*i+1]]
		}
	}
}

// conditions reports whether the conditions of a rule hold.
func (u *run) conditions(r *rule) bool {
	for i := 0; i < len(r.conds); i++ {
		holds := u.condition(r.conds[i])
		switch {
		case r.conds[i].orNext && holds:
			for i < len(r.conds) && r.conds[i].orNext {
				i++
			}
		case r.conds[i].orNext:
		case !holds:
			return false
		}
	}
	return true
}

// assign applies the E and CO flags.
func (u *run) assign(r *rule) {
	for i := range r.env {
		e := &r.env[i]
		value := u.expand(&e.value, nil)
		name := e.name
		if name == "" {
			var text string
			text, value = string(value), nil
			if strings.HasPrefix(text, "!") {
				u.x.Env.Unset(text[1:])
				if u.traces(5) {
					u.tracef(5, "", "unsetting env variable '%s'", text[1:])
				}
				if u.tried != nil {
					u.x.Recorder.Record(record.Variable{Line: r.line, Name: text[1:], Unset: true})
				}
				continue
			}
			var rest string
			name, rest, _ = strings.Cut(text, ":")
			value = u.x.Arena.String(rest)
		}
		u.x.Env.Set(name, value)
		if u.traces(5) {
			u.tracef(5, "", "setting env variable '%s' to '%s'", name, value)
		}
		if u.tried != nil {
			u.x.Recorder.Record(record.Variable{Line: r.line, Name: name, Value: string(value)})
		}
	}
	for i := range r.cookies {
		u.setCookie(string(u.expand(&r.cookies[i], nil)))
	}
}

// force applies the T and H flags. httpd: force_type_handler.
func (u *run) force(r *rule) {
	if r.mimeType != nil {
		u.remember(r, r.mimeType, typeNote, "remember %s to have MIME-type '%s'")
	}
	if r.handler != nil {
		u.remember(r, r.handler, handlerNote, "remember %s to have Content-handler '%s'")
	}
}

func (u *run) remember(r *rule, t *template, note, line string) {
	value := u.expand(t, r)
	if len(value) == 0 {
		return
	}
	value = append(u.x.Arena.Alloc(len(value)), value...)
	ascii.LowerBytes(value)
	if u.traces(2) {
		u.tracef(2, u.set.dir, line, u.x.Filename, value)
	}
	u.x.Notes.Set(note, value)
}
