package proxy

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/uri"
)

// route is a rule with its handler, reduced to what most requests need of it:
// little memory is touched, however many rules there are.
type route struct {
	handler *handler // nil: of a rule that denies
	target  string   // "proxy:" and the canonical target; "": it has to be made for each request
	origin  int32    // length of target up to its path
	deny    bool
	bare    bool // target ends with the host: only a slash may follow
}

// newRoute prepares a rule. The target of one is known beforehand whose
// canonical form is what is written.
func newRoute(r *PassRule, h *handler) route {
	out := route{handler: h, deny: r.Deny}
	f := &r.fixed
	if !f.ok || r.Encoded || r.NoCanon || r.Dynamic || h == nil || h.worker == nil {
		return out
	}
	if target := f.origin + f.path; target == proxyPrefix+r.Target {
		out.target, out.origin, out.bare = target, int32(len(f.origin)), f.path == ""
	}
	return out
}

// glue maps x to the target with rest behind it, which is what mapTo and Canon
// come to where nothing has to be encoded. False: it is not that simple.
func (r *route) glue(x *exchange.Exchange, rest []byte) bool {
	if r.target == "" || r.bare && (len(rest) == 0 || rest[0] != '/') || !uri.Literal(rest) {
		return false
	}
	end := len(r.target) + len(rest)
	if !x.HasArgs {
		b := append(append(x.Arena.Alloc(end), r.target...), rest...)
		x.Filename, x.Out.URL, x.Out.Target = b, b, b[r.origin:]
		return true
	}
	if !uri.Sendable(x.Args) {
		return false
	}
	b := append(append(x.Arena.Alloc(end+1+len(x.Args)), r.target...), rest...)
	b = append(append(b, '?'), x.Args...)
	x.Filename, x.Out.URL, x.Out.Target = b[:end:end], b, b[r.origin:]
	return true
}
