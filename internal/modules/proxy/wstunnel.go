package proxy

import (
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

// NewWSTunnel returns mod_proxy_wstunnel: what is said of backends by ws:// and
// wss://, and of tunnels. They are HTTP backends whose clients may change to a
// WebSocket; forward.Handler sends the requests.
func NewWSTunnel() *module.Module {
	waits := "a tunnel that waits takes no thread here, whatever this says"
	return &module.Module{Name: "mod_proxy_wstunnel", ID: "proxy_wstunnel_module", Rows: []directive.Row{
		{Name: "ProxyWebsocketFallbackToProxyHttp", Set: dirFlag(func(d *DirConf) *Opt[bool] { return &d.FallbackToHTTP })},
		{Name: "ProxyWebsocketIdleTimeout", Set: setTunnelIdle},
		{Name: "ProxyWebsocketAsync", Tier: directive.Noted, Note: waits, Set: func(*directive.Call) error { return nil }},
		{Name: "ProxyWebsocketAsyncDelay", Tier: directive.Noted, Note: waits, Set: func(c *directive.Call) error {
			_, err := span(c)
			return err
		}},
	}}
}

// setTunnelIdle reads a number of seconds, or of another unit that follows it.
func setTunnelIdle(c *directive.Call) error {
	d, err := span(c)
	if err == nil {
		serverSlot.Of(c.Server).TunnelIdle.To(d)
	}
	return err
}

// span reads a time in seconds, unless a unit follows.
func span(c *directive.Call) (time.Duration, error) {
	d, ok := ascii.ParseTimeout(c.Arg(0), time.Second)
	if !ok || d < 0 || len(c.Args) > 1 {
		return 0, c.Errorf("%s wants one time, in seconds or with a unit", c.Row.Name)
	}
	return d, nil
}

// tunnelIdle is how long tunnels may be idle, as exchange.Outbound.Idle. Without
// ProxyWebsocketFallbackToProxyHttp httpd has no limit unless one is set.
func tunnelIdle(s *ServerConf, d *DirConf) time.Duration {
	switch idle := s.TunnelIdle.Or(0); {
	case idle > 0:
		return idle
	case !d.FallbackToHTTP.Or(true):
		return -1
	}
	return 0
}
