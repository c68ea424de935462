package mapping

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/uri"
)

// route is a rule with its handler, reduced to what most requests need: one
// cache line, however many rules there are.
type route struct {
	handler exchange.Handler  // nil: of a rule that denies, or whose worker the request decides on
	mapping *exchange.Mapping // the rule as logs name it; its Target is used where it is longer than short
	origin  int32             // length of the target up to its path; 0: it has to be made for each request
	size    uint8             // of short
	deny    bool
	bare    bool // the target ends with the host: only a slash may follow
	short   [33]byte
}

// setTarget stores the mapping's target: "proxy:" and the canonical URL.
func (r *route) setTarget() {
	s := r.mapping.Target
	if r.size = uint8(copy(r.short[:], s)); len(s) > len(r.short) {
		r.size = 0
	}
}

// append appends the target.
func (r *route) append(b []byte) []byte {
	if r.size == 0 {
		return append(b, r.mapping.Target...)
	}
	return append(b, r.short[:r.size]...)
}

// newRoute prepares a rule. The target is known in advance where
// canonical form is what is written.
func newRoute(r *PassRule, h exchange.Handler) route {
	out := route{handler: h, deny: r.Deny, mapping: &exchange.Mapping{Rule: r.Rule, Place: r.Place, Written: r.Written}}
	f := &r.fixed
	if !f.ok || r.Encoded || r.NoCanon || r.Dynamic || h == nil {
		return out
	}
	if target := f.origin + f.path; target == proxyPrefix+r.Target {
		out.mapping.Target = target
		out.setTarget()
		out.origin, out.bare = int32(len(f.origin)), f.path == ""
	}
	return out
}

// join maps x to the target followed by rest, with the same result as mapTo and
// Canon if nothing needs encoding. False: it needs more.
func (r *route) join(x *exchange.Exchange, rest []byte) bool {
	if r.origin == 0 || r.bare && (len(rest) == 0 || rest[0] != '/') || !uri.Literal(rest) {
		return false
	}
	end := int(r.size) + len(rest)
	if r.size == 0 {
		end += len(r.mapping.Target)
	}
	if !x.HasArgs {
		b := append(r.append(x.Arena.Alloc(end)), rest...)
		x.Filename, x.Out.URL, x.Out.Target = b, b, b[r.origin:]
		return !hostLike(x.Out.Target, x.Path)
	}
	if !uri.Sendable(x.Args) {
		return false
	}
	b := append(r.append(x.Arena.Alloc(end+1+len(x.Args))), rest...)
	b = append(append(b, '?'), x.Args...)
	x.Filename, x.Out.URL, x.Out.Target = b[:end:end], b, b[r.origin:]
	return !hostLike(x.Out.Target, x.Path)
}
