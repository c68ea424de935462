package balance

import (
	"slices"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/param"
)

// Session is what a request says of the session it belongs to.
type Session struct {
	Name  string // the cookie or URL parameter that says so
	Route []byte // the route it asks for
	Given bool   // there is a route, if only an empty one
}

// Session reads the session of x; url is the target, from its scheme to the end
// of its query (httpd: find_session_route).
func (c *Config) Session(x *exchange.Exchange, url []byte) (s Session) {
	if !c.sticky() {
		return s
	}
	if c.Inserter != nil {
		return c.Inserter.session(x, c.Sticky)
	}
	value := PathParam(url, c.StickyPath, c.SemicolonPath)
	if s.Name = c.StickyPath; value == nil {
		value, s.Name = cookie(x, c.Sticky), c.Sticky
	}
	if value == nil {
		return Session{}
	}
	if c.StickySep != 0 {
		i := slices.Index(value, c.StickySep)
		if i < 0 {
			return Session{}
		}
		value = value[i+1:]
	}
	s.Route, s.Given = value, true
	return s
}

// Route returns the member that a session's route leads to, none of tried: its
// owner, or the one its owner redirects to; nil: none that can be used.
func (b *Balancer) Route(x *exchange.Exchange, route []byte, tried []*Member) *Member {
	if len(route) == 0 {
		return nil
	}
	return b.current(x, false).roster.find(string(route), x.Loop.Now(), tried, 1) // which recovers them where all are in error
}

// Owned says whether a route is a member's, usable or not.
func (b *Balancer) Owned(route []byte) bool { return len(b.Members.roster().routes[string(route)]) > 0 }

// find is find_route_worker of httpd: members first, then hot standbys.
func (r *roster) find(route string, now time.Time, tried []*Member, depth int) *Member {
	owners := r.routes[route]
	for _, standby := range [...]bool{false, true} {
		for _, m := range owners {
			if m.is(param.StatusHotStandby) != standby {
				continue
			}
			if m.usable(now) && !hasMember(tried, m) {
				return m
			}
			if m.Redirect == "" || depth >= len(r.list) {
				continue
			}
			if to := r.find(m.Redirect, now, tried, depth+1); to != nil {
				return to
			}
		}
	}
	return nil
}
