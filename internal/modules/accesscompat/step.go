package accesscompat

import (
	"net/netip"
	"slices"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
)

// New returns the module. names caches the host names of clients and may be
// shared.
func New(names *module.Names) *module.Module {
	return &module.Module{
		Name: "mod_access_compat", ID: "access_compat_module", Rows: rows(),
		Dir: func(_ *module.Builder, d *module.Dir) error {
			if c, ok := slot.Peek(d.Conf); ok {
				d.Chain.Access = append(d.Chain.Access, &step{conf: c, names: names, by: "Allow and Deny (" + c.pos.String() + ")"})
			}
			return nil
		},
	}
}

// step allows or denies a request by its client's address and the environment.
type step struct {
	conf  *conf
	names *module.Names
	by    string
}

var _ module.Satisfier = (*step)(nil)

// Do implements exchange.Step. With Satisfy Any it denies nothing: then Require
// decides.
func (s *step) Do(x *exchange.Exchange) error {
	allowed := s.any(x) || s.allowed(x)
	if x.Recorder != nil {
		s.record(x, allowed)
	}
	if allowed {
		return nil
	}
	return module.Deny(x, fault.DeniedByAllow, "access_compat", "AH01797", s.by)
}

// methods are those that AdmitsAll and SatisfiesAll look at. The last one is named by
// no <Limit>.
var methods = [...]string{"GET", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "OTHER"}

// AdmitsAll implements module.Admitter: every client may use at least one method.
// Satisfy Any denies nothing here.
func (s *step) AdmitsAll() bool {
	return slices.ContainsFunc(methods[:], func(m string) bool {
		x := exchange.Exchange{Req: message.Request{Method: []byte(m)}}
		return s.any(&x) || s.everybody(&x)
	})
}

// SatisfiesAll implements module.Satisfier.
func (s *step) SatisfiesAll() bool {
	return slices.ContainsFunc(methods[:], func(m string) bool {
		x := exchange.Exchange{Req: message.Request{Method: []byte(m)}}
		return s.any(&x) && s.everybody(&x)
	})
}

// everybody reports whether allowed is true for the method of x and every client. A
// Deny is taken to deny somebody.
func (s *step) everybody(x *exchange.Exchange) bool {
	all := slices.ContainsFunc(s.conf.allow, func(r rule) bool { return r.kind == byAll && r.limited.Has(x) })
	denies := slices.ContainsFunc(s.conf.deny, func(r rule) bool { return r.limited.Has(x) })
	if s.allowFirst(x) {
		return all && !denies
	}
	return all || !denies
}

// record records the verdict.
func (s *step) record(x *exchange.Exchange, allowed bool) {
	e := record.Access{
		Line: record.Line{Directive: "Order, Allow, Deny", Place: s.conf.pos.String()}, Module: "access_compat", Verdict: "denied", Final: true,
	}
	if allowed {
		e.Verdict = "granted"
	}
	if s.any(x) {
		e.Verdict, e.Detail = "not asked", "Satisfy Any: Require decides, unless the address is allowed"
	}
	x.Recorder.Record(e)
}

// Satisfied implements module.Satisfier.
func (s *step) Satisfied(x *exchange.Exchange) bool { return s.any(x) && s.allowed(x) }

// any reports whether Satisfy Any applies to the method of x.
func (s *step) any(x *exchange.Exchange) bool {
	for i := len(s.conf.satisfy) - 1; i >= 0; i-- {
		if l := &s.conf.satisfy[i]; l.limited.Has(x) {
			return l.any
		}
	}
	return false
}

// allowed reports the verdict of Order, Allow and Deny. httpd: check_dir_access.
func (s *step) allowed(x *exchange.Exchange) bool {
	if s.allowFirst(x) {
		return s.found(x, s.conf.allow) && !s.found(x, s.conf.deny)
	}
	return !s.found(x, s.conf.deny) || s.found(x, s.conf.allow)
}

func (s *step) allowFirst(x *exchange.Exchange) bool {
	for i := len(s.conf.orders) - 1; i >= 0; i-- {
		if l := &s.conf.orders[i]; l.limited.Has(x) {
			return l.allowFirst
		}
	}
	return false
}

// found reports whether a rule matches x. httpd: find_allowdeny.
func (s *step) found(x *exchange.Exchange, rules []rule) bool {
	addr := x.RemoteAddr()
	for i := range rules {
		if r := &rules[i]; r.limited.Has(x) && s.fits(x, r, addr) {
			if x.Recorder != nil {
				x.Recorder.Record(record.Access{Line: r.line, Module: "access_compat", Verdict: "matches"})
			}
			return true
		}
	}
	return false
}

func (s *step) fits(x *exchange.Exchange, r *rule, addr netip.Addr) bool {
	switch r.kind {
	case byAll:
		return true
	case byEnv:
		return x.Env.Has(r.name)
	case byNotEnv:
		return !x.Env.Has(r.name)
	case byAddress:
		return r.net.Contains(addr)
	}
	name, ok := s.names.Of(x)
	return ok && module.InDomain(r.name, name)
}
