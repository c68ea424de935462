package remoteip

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/subnet"
)

// conf is what a server says.
type conf struct {
	header, seen module.Opt[string] // RemoteIPHeader, RemoteIPProxiesHeader
	proxies      []proxy            // in the order in which they are asked

	// Of the whole process, whatever server says it; kept in the main server's.
	protocol []setting
	except   []subnet.Subnet
}

// proxy is a network of proxies that are believed.
type proxy struct {
	subnet.Subnet
	internal bool // it may speak of private addresses too, and is not shown
}

// setting is one RemoteIPProxyProtocol, in the order in which they are read.
type setting struct {
	on    bool
	scope *directive.Scope // the server that says it
	call  *directive.Call
}

// httpd: a virtual host's own proxies come before the main server's.
var slot = directive.Slot[conf]{Name: "remoteip", Merge: func(base, add *conf) *conf {
	return &conf{
		header: module.Over(base.header, add.header), seen: module.Over(base.seen, add.seen),
		proxies: append(append([]proxy(nil), add.proxies...), base.proxies...),
	}
}}

// global returns the configuration of the main server that c is part of.
func global(c *directive.Call) *conf {
	top := c.Scope
	for top.Parent != nil {
		top = top.Parent
	}
	return slot.Of(top.Server)
}

const id = "remoteip_module"

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_remoteip", ID: id,
		Rows: []directive.Row{
			{Name: "RemoteIPHeader", Set: func(c *directive.Call) error {
				slot.Of(c.Server).header.To(c.Arg(0))
				return nil
			}},
			{Name: "RemoteIPProxiesHeader", Set: func(c *directive.Call) error {
				slot.Of(c.Server).seen.To(c.Arg(0))
				return nil
			}},
			{Name: "RemoteIPInternalProxy", Set: setProxies(true)},
			{Name: "RemoteIPTrustedProxy", Set: setProxies(false)},
			{Name: "RemoteIPInternalProxyList", Set: setList(true)},
			{Name: "RemoteIPTrustedProxyList", Set: setList(false)},
			{Name: "RemoteIPProxyProtocol", Set: func(c *directive.Call) error {
				g := global(c)
				g.protocol = append(g.protocol, setting{c.On, c.Scope.Host(), c})
				return nil
			}},
			{Name: "RemoteIPProxyProtocolExceptions", Set: setExceptions},
		},
		Server: server,
		Finish: finish,
	}
}

// server adds the step to a site that believes a header field.
func server(b *module.Builder, s *module.Server) error {
	addrs(b)[s.Scope] = s.Addrs
	s.Site.Proxied, _ = b.Aux.Get(proxiedKey{}).(*exchange.ProxyProtocol)
	if s.Scope != b.Main && hasProxies(s.Own) && hasProxies(b.Main.Server) {
		b.Warnf(s.Scope.Pos, "RemoteIP proxy entries are configured in both the main server and this virtual host, they are merged")
	}
	c, ok := slot.Peek(s.Conf)
	if !ok || !c.header.Set {
		return nil
	}
	s.Site.PostRead = append(s.Site.PostRead, &step{header: c.header.V, seen: newField(c.seen.Or("")), proxies: c.proxies})
	s.Site.Early = true
	return nil
}

func hasProxies(l *directive.Confs) bool {
	c, ok := slot.Peek(l)
	return ok && len(c.proxies) > 0
}
