package balancer

import (
	"crypto/rand"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/state"
)

// cookieParams are the parameters of the cookie of stickyinsert=.
var cookieParams = []string{"cookiepath", "cookiemaxage", "cookiesamesite", "cookiesecure", "cookiehttponly", "cookiekey"}

// insert adds what makes the sessions of a balancer, if stickyinsert= says so. The
// key is kept over reloads.
func (b *Builder) insert(d *Definition, c *balance.Config, owner string) {
	p := &c.Cookie
	if !p.Insert {
		for _, name := range cookieParams {
			if d.Params.Given(param.OfBalancer, name) {
				b.Warn(d.Pos, "%s: %s= has no effect without stickyinsert=On", c.Name, name)
			}
		}
		return
	}
	switch {
	case c.Sticky == "":
		b.Errorf(d.Pos, "%s: stickyinsert=On requires stickysession=NAME, the name of the cookie", c.Name)
	case !ascii.IsTokenString(c.Sticky):
		b.Errorf(d.Pos, "%s: stickyinsert=On: %s cannot be the name of a cookie", c.Name, c.Sticky)
	case p.SameSite == "None" && p.Secure == param.SecureOff:
		b.Errorf(d.Pos, "%s: browsers reject a cookie with cookiesamesite=None and cookiesecure=Off", c.Name)
	}
	key := []byte(p.Key)
	if len(key) == 0 {
		key = state.Attach(b.Backends.Lease, "cookiekey|"+owner+"|"+d.Name, func() ([]byte, func()) {
			k := make([]byte, 32)
			_, _ = rand.Read(k) // it never fails
			return k, nil
		})
	}
	c.Inserter = balance.NewInserter(c, key)
}
