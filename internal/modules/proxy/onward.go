package proxy

import (
	"net/netip"
	"strings"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/proxy/onward"
)

// onwardRows are the directives of the forward proxy.
func onwardRows() []directive.Row {
	return []directive.Row{
		{Name: "ProxyRequests", Set: setRequests},
		{Name: "ProxyBlock", Tier: directive.Honoured, Set: func(c *directive.Call) error {
			s := serverSlot.Of(c.Server)
			s.Block = append(s.Block, c.Args...)
			return nil
		}},
		{Name: "ProxyDomain", Tier: directive.Honoured, Set: func(c *directive.Call) error {
			domain, err := ParseDomain(c.Arg(0))
			if err != nil {
				return c.Errorf("%w", err)
			}
			serverSlot.Of(c.Server).Domain.To(domain)
			return nil
		}},
		{
			Name: "HeadgateForwardAllow", Module: "mod_proxy", Where: directive.ServerConfig, Args: directive.Iterate,
			Usage: "HeadgateForwardAllow address[/bits] [address[/bits]] ...", Set: setForwardAllow,
		},
		{
			Name: "HeadgateOpenProxy", Module: "mod_proxy", Where: directive.ServerConfig, Args: directive.Flag,
			Usage: "HeadgateOpenProxy On|Off", Set: func(c *directive.Call) error {
				serverSlot.Of(c.Server).Open.To(c.On)
				return nil
			},
		},
	}
}

func setRequests(c *directive.Call) error {
	s := serverSlot.Of(c.Server)
	s.Requests.To(c.On)
	s.RequestsAt = c.Pos()
	return nil
}

// setForwardAllow adds networks that clients of the forward proxy may reach though
// only this machine can.
func setForwardAllow(c *directive.Call) error {
	for _, word := range c.Args {
		p, err := parsePrefix(word)
		if err != nil {
			return c.Errorf("HeadgateForwardAllow: %s is neither an address nor a network", word)
		}
		s := serverSlot.Of(c.Server)
		s.ForwardAllow = append(s.ForwardAllow, p)
	}
	return nil
}

// parsePrefix reads an address or a network. An IPv4 address in IPv6 form stands for
// the IPv4 address, as the addresses of clients and backends do.
func parsePrefix(word string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(word)
	if !strings.Contains(word, "/") {
		var a netip.Addr
		a, err = netip.ParseAddr(word)
		p = netip.PrefixFrom(a, a.BitLen())
	}
	if err != nil {
		return netip.Prefix{}, err
	}
	if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// buildOnward makes a server a forward proxy.
func buildOnward(s *module.Server, st *site, common *shared) {
	conf := st.conf
	if !conf.Requests.Or(false) {
		return
	}
	c := onward.Config{Block: conf.Block, Domain: conf.Domain.Or(""), Allow: conf.ForwardAllow, Backends: st.backends, Defaults: conf.defaults()}
	if p, ok := onward.Allowed.Peek(s.Conf); ok {
		c.Ports = *p
	}
	c.Defined = func(url string) *forward.Handler {
		if d := conf.Workers.Find(url); d != nil {
			return common.handlers.Of(d)
		}
		return nil
	}
	s.Site.Forward = onward.New(c)
	if !conf.Open.Or(false) {
		common.closed = append(common.closed, closed{s.Site, conf})
	}
}

// closed is a forward proxy that not everybody may use.
type closed struct {
	site *exchange.Site
	conf *ServerConf
}

// anywhere are targets that no <Proxy> section for a certain server matches.
var anywhere = [...]string{
	"http://a.invalid/", "https://a.invalid/", "a.invalid:443", "ws://a.invalid/", "wss://a.invalid/", "fcgi://a.invalid/", "scgi://a.invalid/",
	"uwsgi://a.invalid/", "ajp://a.invalid/",
}

// checkOpen refuses forward proxies that everybody may use. They are found by others
// within hours, and what is done through them looks as if this machine did it.
func checkOpen(b *module.Builder) error {
	for _, c := range sharedOf(b).closed {
		for _, target := range anywhere {
			if !module.AdmitsAll(c.site.Sections.ForClients(target)) {
				continue
			}
			b.Errorf(c.conf.RequestsAt, "ProxyRequests: everybody could use this server as a proxy to %s: restrict it by Require in <Proxy \"*\">, "+
				"or say that this is meant by HeadgateOpenProxy On", strings.TrimSuffix(target, "/"))
			break
		}
	}
	return nil
}
