package authzcore

import (
	"slices"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/syntax"
)

// logic is how a container combines its clauses, and the value of AuthMerging.
type logic uint8

const (
	unset logic = iota
	off         // of AuthMerging only
	and
	or
)

// clause is one Require line, or a container of them.
type clause struct {
	name    string // "<RequireAll>", of a container
	line    record.Line
	op      logic
	negate  bool
	limited module.Methods // the methods it applies to
	check   module.AuthzCheck
	list    []*clause
}

// newContainer returns an empty container, which applies to no method.
func newContainer(name string, op logic, negate bool) *clause {
	return &clause{name: name, op: op, negate: negate, limited: module.NewMethods(nil, false)}
}

// add adds clauses to the container. It then applies to their methods too.
func (s *clause) add(c ...*clause) {
	s.list = append(s.list, c...)
	for _, one := range c {
		s.limited = s.limited.Union(one.limited)
	}
}

// onlyNegative reports whether all clauses of the container are negative, so that
// it can never grant.
func (s *clause) onlyNegative() bool {
	for _, c := range s.list {
		if !c.negate {
			return false
		}
	}
	return true
}

// admitsAll reports whether the clause holds for every client: Require all
// granted, or containers of it. What is limited to some methods admits all others.
func (s *clause) admitsAll() bool {
	switch {
	case !s.limited.All():
		return true
	case s.negate:
		return false
	case s.check != nil:
		return s.check == module.AuthzCheck(all(module.Granted))
	case s.op == or:
		return slices.ContainsFunc(s.list, (*clause).admitsAll)
	}
	return len(s.list) > 0 && !slices.ContainsFunc(s.list, func(c *clause) bool { return !c.admitsAll() })
}

// judge returns the clause's verdict for x. within is the logic of the container
// around it. httpd: apply_authz_sections.
func (s *clause) judge(x *exchange.Exchange, within logic) module.Verdict {
	if !s.limited.Has(x) {
		if within == and {
			return module.Granted
		}
		return module.Neutral
	}
	v := module.Neutral
	if s.check != nil {
		v = s.check.Check(x)
	} else {
		v = s.combine(x)
	}
	if s.negate {
		v = negated(v)
	}
	if s.check != nil && x.Recorder != nil {
		s.record(x, v)
	}
	return v
}

// negated returns the verdict of a clause with "not", or of a <RequireNone>.
func negated(v module.Verdict) module.Verdict {
	switch v {
	case module.Broken:
		return v
	case module.Granted:
		return module.Denied
	}
	return module.Neutral
}

// record records the verdict of a Require line.
func (s *clause) record(x *exchange.Exchange, v module.Verdict) {
	x.Recorder.Record(record.Access{Line: s.line, Module: "authz_core", Verdict: v.String()})
}

// combine returns the container's verdict from those of its clauses. It is
// NeedsUser if it depends on the user.
func (s *clause) combine(x *exchange.Exchange) module.Verdict {
	deciding, weaker := module.Granted, module.Denied
	if s.op == and {
		deciding, weaker = module.Denied, module.Granted
	}
	out := module.Neutral
	for _, c := range s.list {
		switch v := c.judge(x, s.op); {
		case v == module.Broken || v == deciding:
			return v
		case v == module.Neutral:
		case out == module.Neutral || v == module.NeedsUser && out == weaker:
			out = v
		}
	}
	return out
}

// bind returns the clause for one combination of sections. It is s itself, unless
// a check in it depends on the configuration of the sections.
func (s *clause) bind(b *module.Builder, d *module.Dir) (*clause, error) {
	if binder, ok := s.check.(module.AuthzBinder); ok {
		check, err := binder.Bind(b, d)
		bound := *s
		bound.check = check
		return &bound, err
	}
	bound := s
	for i, c := range s.list {
		one, err := c.bind(b, d)
		if err != nil {
			return nil, err
		}
		if one != c {
			if bound == s {
				copied := *s
				copied.list = slices.Clone(s.list)
				bound = &copied
			}
			bound.list[i] = one
		}
	}
	return bound, nil
}

// conf holds the directives of one section.
type conf struct {
	merging   logic
	section   *clause // nil: no Require
	pos       syntax.Pos
	forbidden module.Opt[bool]
	open      []*clause // containers being read
}

// slot identifies a section's conf.
var slot = directive.Slot[conf]{Name: "authz_core", Merge: merge}

// merge merges an inner section over an outer one. Its Require lines replace the
// outer ones, unless AuthMerging says otherwise. httpd:
// merge_authz_core_dir_config.
func merge(base, add *conf) *conf {
	out := *add
	out.forbidden = module.Over(base.forbidden, add.forbidden)
	switch {
	case add.merging == unset && add.section == nil:
		out.merging, out.section, out.pos = base.merging, base.section, base.pos
	case add.merging == unset || add.merging == off || base.section == nil:
	case add.section == nil:
		out.section, out.pos = base.section, base.pos
	default:
		// A part that does not apply to a method has no vote with Or.
		out.section = newContainer("", add.merging, false)
		out.section.add(base.section, add.section)
	}
	return &out
}
