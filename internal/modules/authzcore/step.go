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
func dir(b *module.Builder, d *module.Dir) error {
	c, ok := slot.Peek(d.Conf)
	if !ok {
		c = new(conf)
	}
	s := &step{authn: d.Chain.Authn, forbidden: c.forbidden.Or(false), by: "Require (" + c.pos.String() + ")"}
	s.line = record.Line{Directive: "Require", Place: c.pos.String()}
	switch {
	case c.section != nil:
		section, err := c.section.bind(b, d)
		if err != nil {
			return err
		}
		s.section = section
	case s.authn == nil:
		return nil
	}
	for _, before := range d.Chain.Access {
		if sat, ok := before.(module.Satisfier); ok {
			s.satisfy = sat
		}
	}
	d.Chain.Access = append(d.Chain.Access, s)
	return nil
}

// step evaluates the Require lines of one combination of sections. It authenticates
// the user if the verdict depends on the user.
type step struct {
	section   *clause                // nil: AuthType without Require
	satisfy   module.Satisfier       // nil: Satisfy All
	authn     exchange.Authenticator // nil: no AuthType
	forbidden bool                   // AuthzSendForbiddenOnFailure
	by        string
	line      record.Line // the first of the Require lines
}

// Do implements exchange.Step. httpd: the access phases of
// ap_process_request_internal.
func (s *step) Do(x *exchange.Exchange) error {
	if s.satisfy != nil && s.satisfy.Satisfied(x) {
		if x.Recorder != nil {
			s.record(x, "not asked", "Satisfy Any holds")
		}
		return nil
	}
	if s.section == nil {
		return s.unused(x)
	}
	switch s.judge(x) {
	case module.Granted:
		return nil
	case module.NeedsUser:
		return s.login(x)
	case module.Broken:
		return s.broken(x)
	}
	return module.Deny(x, fault.DeniedByRequire, "authz_core", "AH01630", s.by)
}

// AdmitsAll implements module.Admitter. With Satisfy Any an open Allow is enough.
func (s *step) AdmitsAll() bool {
	return s.satisfy != nil && s.satisfy.SatisfiesAll() || s.section != nil && s.section.admitsAll()
}

// login authenticates the user and evaluates the Require lines again. httpd:
// authorize_user_core after authentication.
func (s *step) login(x *exchange.Exchange) error {
	if s.authn != nil {
		if err := s.authn.Authenticate(x); err != nil {
			return err
		}
	}
	if x.User == nil {
		return &fault.Fault{
			Side: fault.Proxy, Module: "core", Phase: fault.Map, Kind: fault.Denied, Cause: fault.AuthBroken, Status: 500, ID: "AH00027",
			Detail: s.by + " asks for the user, and there is no authentication: " + module.Target(x),
		}
	}
	switch s.judge(x) {
	case module.Granted:
		return nil
	case module.NeedsUser:
		s.authn.Challenge(x)
		return unauthorized(module.Unauthorized(x), "AH01629", "authorization failure (no authenticated user): "+string(x.Path))
	case module.Broken:
		return s.broken(x)
	}
	detail := "user " + string(x.User) + `: authorization failure for "` + string(x.Path) + `": ` + s.by
	if s.forbidden {
		return unauthorized(403, "AH01631", detail)
	}
	s.authn.Challenge(x)
	return unauthorized(module.Unauthorized(x), "AH01631", detail)
}

// unauthorized returns the fault for a user that no Require line admits.
func unauthorized(status int, id, detail string) error {
	f := module.AuthFailed("authz_core", id, status, detail)
	f.Cause = fault.DeniedByRequire
	return f
}

// broken returns the fault for Require lines that cannot be evaluated.
func (s *step) broken(x *exchange.Exchange) error {
	return &fault.Fault{
		Side: fault.Proxy, Module: "authz_core", Phase: fault.Map, Kind: fault.Internal, Cause: fault.AuthBroken, Status: 500,
		Detail: s.by + " could not be evaluated: " + module.Target(x),
	}
}

// unused refuses requests in a section with AuthType but without Require, which
// was probably meant to be protected.
func (s *step) unused(x *exchange.Exchange) error {
	if s.authn.Type(x) == "" {
		return nil
	}
	return module.AuthBroken("authz_core", "AH01627", "AuthType configured with no corresponding authorization directives")
}

// judge evaluates the Require lines and records their verdict.
func (s *step) judge(x *exchange.Exchange) module.Verdict {
	v := s.section.judge(x, and)
	if x.Recorder != nil {
		s.record(x, v.String(), "")
	}
	return v
}

// record records the verdict of all Require lines together.
func (s *step) record(x *exchange.Exchange, verdict, detail string) {
	x.Recorder.Record(record.Access{Line: s.line, Module: "authz_core", Verdict: verdict, Detail: detail, Final: true})
}
