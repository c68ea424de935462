package proxy

import (
	"net/netip"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/uri"
)

// remoteRows are the directives about other proxies that requests go through.
func remoteRows() []directive.Row {
	return []directive.Row{
		{Name: "ProxyRemote", Tier: directive.Honoured, Set: func(c *directive.Call) error { return setRemote(c, nil) }},
		{Name: "ProxyRemoteMatch", Tier: directive.Honoured, Set: func(c *directive.Call) error {
			re, err := rx.Compile(c.Arg(0), 0)
			if err != nil {
				return c.Errorf("Regular expression for ProxyRemoteMatch could not be compiled: %w", err)
			}
			return setRemote(c, re)
		}},
		{Name: "NoProxy", Tier: directive.Honoured, Set: setNoProxy},
	}
}

// setRemote adds a remote. httpd: add_proxy.
func setRemote(c *directive.Call, re *rx.Regexp) error {
	r := &forward.Remote{Match: c.Arg(0), Regex: re}
	scheme, rest, ok := strings.Cut(c.Arg(1), "://")
	if !ok {
		return c.Errorf("ProxyRemote: Bad syntax for a remote proxy server")
	}
	if !ascii.EqualFold(scheme, "http") {
		return c.Errorf("ProxyRemote: a remote proxy is spoken to by http:// only, not by %s://", scheme)
	}
	rest, _, _ = strings.Cut(rest, "/")
	u, err := uri.Parse("http://" + rest)
	if err != nil || u.Host == "" || u.OddPort != "" || u.User != "" {
		return c.Errorf("ProxyRemote: Bad syntax for a remote proxy server (bad port number)")
	}
	r.URL = u
	if len(c.Args) > 2 {
		if r.Login = c.Arg(2); !strings.Contains(r.Login, ":") {
			return c.Errorf("ProxyRemote: the login is user:password")
		}
	}
	s := serverSlot.Of(c.Server)
	s.Remotes = append(s.Remotes, r)
	return nil
}

// setNoProxy adds what is connected to directly: addresses, networks, host names,
// domains, and parts of host names.
func setNoProxy(c *directive.Call) error {
	for _, word := range c.Args {
		word = ascii.ToLower(word)
		if strings.Contains(word, "/") {
			if _, err := netip.ParsePrefix(word); err != nil {
				c.Warn("%s is not a network, and matches nothing", word)
			}
		}
		s := serverSlot.Of(c.Server)
		s.NoProxy = append(s.NoProxy, word)
	}
	return nil
}
