package authzcore

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
)

// New returns the module with its own providers and those in more.
func New(more ...module.AuthzProvider) *module.Module {
	return &module.Module{
		Name: "mod_authz_core", ID: "authz_core_module",
		Rows: append(own(), more...).rows(), Dir: dir,
	}
}

// dir adds the conditions of a combination of sections to its chain.
func dir(_ *module.Builder, d *module.Dir) error {
	c, ok := slot.Peek(d.Conf)
	if !ok || c.section == nil {
		return nil
	}
	s := &step{section: c.section, by: "Require (" + c.pos.String() + ")", line: record.Line{Directive: "Require", Place: c.pos.String()}}
	for _, before := range d.Chain.Access {
		if sat, ok := before.(module.Satisfier); ok {
			s.satisfy = sat
		}
	}
	d.Chain.Access = append(d.Chain.Access, s)
	return nil
}

// step asks the conditions of one combination of sections.
type step struct {
	section *clause
	satisfy module.Satisfier // nil: Satisfy All
	by      string
	line    record.Line // the first of the Require lines
}

// Do implements exchange.Step. httpd: authorize_user_core.
func (s *step) Do(x *exchange.Exchange) error {
	if s.satisfy != nil && s.satisfy.Satisfied(x) {
		if x.Recorder != nil {
			s.record(x, "not asked", "Satisfy Any holds")
		}
		return nil
	}
	v := s.section.judge(x, and)
	if x.Recorder != nil {
		s.record(x, v.String(), "")
	}
	switch v {
	case module.Granted:
		return nil
	case module.NeedsUser:
		return &fault.Fault{
			Side: fault.Proxy, Module: "core", Phase: fault.Map, Kind: fault.Denied, Status: 500, ID: "AH00027",
			Detail: s.by + " asks for the user, and there is no authentication: " + module.Target(x),
		}
	case module.Broken:
		return &fault.Fault{
			Side: fault.Proxy, Module: "authz_core", Phase: fault.Map, Kind: fault.Internal, Status: 500,
			Detail: s.by + " could not be evaluated: " + module.Target(x),
		}
	}
	return module.Deny(x, "authz_core", "AH01630", s.by)
}

// record records the verdict of all Require lines together.
func (s *step) record(x *exchange.Exchange, verdict, detail string) {
	x.Recorder.Record(record.Access{Line: s.line, Module: "authz_core", Verdict: verdict, Detail: detail, Final: true})
}
