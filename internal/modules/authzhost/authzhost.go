package authzhost

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/subnet"
)

// New returns the module, which has no directives. Its kinds of Require are in
// Providers.
func New() *module.Module {
	return &module.Module{Name: "mod_authz_host", ID: "authz_host_module"}
}

// Providers returns the module's kinds of authorization. names caches the host
// names of clients and may be shared.
func Providers(names *module.Names) []module.AuthzProvider {
	return []module.AuthzProvider{
		{Name: "ip", Parse: parseIP},
		{Name: "local", Parse: parseLocal},
		{Name: "host", Parse: func(c *directive.Call, line string) (module.AuthzCheck, error) { return parseHost(c, line, names) }},
		{Name: "forward-dns", Parse: func(c *directive.Call, line string) (module.AuthzCheck, error) {
			return parseForward(c, line, names.Resolver())
		}},
	}
}

func granted(ok bool) module.Verdict {
	if ok {
		return module.Granted
	}
	return module.Denied
}

// subnets is Require ip.
type subnets []subnet.Subnet

// Check implements module.AuthzCheck.
func (s subnets) Check(x *exchange.Exchange) module.Verdict {
	a := x.RemoteAddr()
	for i := range s {
		if s[i].Contains(a) {
			return module.Granted
		}
	}
	return module.Denied
}

func parseIP(c *directive.Call, line string) (module.AuthzCheck, error) {
	var out subnets
	for _, w := range module.RequireWords(line) {
		s, err := subnet.Parse(w)
		switch {
		case errors.Is(err, subnet.ErrNotAddress):
			return nil, c.Errorf("ip address '%s' appears to be invalid", w)
		case err != nil:
			return nil, c.Errorf("ip address '%s' appears to be invalid: %w", w, err)
		}
		out = append(out, s)
	}
	if out == nil {
		return nil, c.Errorf("'require ip' requires an argument")
	}
	return out, nil
}

// local is Require local. It grants requests from this machine.
type local struct{}

// Check implements module.AuthzCheck.
func (local) Check(x *exchange.Exchange) module.Verdict {
	a := x.RemoteAddr()
	return granted(a.IsLoopback() || a.IsValid() && a == x.Client.Local.Addr().Unmap().WithZone(""))
}

// parseLocal reads Require local. httpd ignores arguments.
func parseLocal(c *directive.Call, line string) (module.AuthzCheck, error) {
	if line != "" {
		c.Warn("Require local takes no arguments: '%s' is ignored", line)
	}
	return local{}, nil
}

// hosts is Require host.
type hosts struct {
	names   *module.Names
	domains *module.RequireList
}

// Check implements module.AuthzCheck.
func (h *hosts) Check(x *exchange.Exchange) module.Verdict {
	name, ok := h.names.Of(x)
	if !ok {
		return module.Denied
	}
	domains, err := h.domains.Words(x)
	if err != nil {
		return module.Denied
	}
	for _, d := range domains {
		if module.InDomain(d, name) {
			return module.Granted
		}
	}
	return module.Denied
}

func parseHost(c *directive.Call, line string, names *module.Names) (module.AuthzCheck, error) {
	domains, err := module.ParseRequireList(c, line)
	if err != nil {
		return nil, err
	}
	return &hosts{names: names, domains: domains}, nil
}

// forward is Require forward-dns. It grants if the client's address is one of a
// name's.
type forward struct {
	names []*resolve.Name
	now   func() time.Time
}

// patience limits the time of a look-up.
const patience = 10 * time.Second

// Check implements module.AuthzCheck. If a look-up fails, the name's earlier
// addresses are no longer trusted.
func (f *forward) Check(x *exchange.Exchange) module.Verdict {
	a, now := x.RemoteAddr(), f.now()
	for _, n := range f.names {
		if n.Stale(now) && refresh(x, n) != nil {
			continue
		}
		if n.Err() == nil && slices.Contains(n.Addrs(), a) {
			return module.Granted
		}
	}
	return module.Denied
}

// refresh looks a name up without blocking the loop.
func refresh(x *exchange.Exchange, n *resolve.Name) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, err := reactor.Await(ctx, x.Loop, reactor.Lookups, n, refreshName)
	return err
}

// refreshName looks a name up. It may still run after its caller has timed out.
func refreshName(ctx context.Context, n *resolve.Name) (changed bool, err error) {
	return n.Refresh(ctx)
}

func parseForward(c *directive.Call, line string, r *resolve.Resolver) (module.AuthzCheck, error) {
	list, err := module.ParseRequireList(c, line)
	if err != nil {
		return nil, err
	}
	words, ok := list.Literal()
	if !ok {
		return nil, c.Errorf("Require forward-dns takes names only: with an expression each request could choose the name that is looked up")
	}
	f := &forward{now: time.Now}
	for _, w := range words {
		f.names = append(f.names, resolve.NewName(r, w, resolve.ByTTL))
	}
	return f, nil
}
