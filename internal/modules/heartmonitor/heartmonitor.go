// Package heartmonitor is mod_heartmonitor: it hears the heartbeats by which
// lbmethod=heartbeat elects. What it hears is kept by package heartbeat.
//
// Imports module, heartbeat and what is below them.
package heartmonitor

import (
	"net/netip"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/heartbeat"
	"github.com/headgate/headgate/internal/module"
)

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_heartmonitor", ID: "heartmonitor_module", Finish: finish,
		Rows: []directive.Row{
			{Name: "HeartbeatListen", Set: setListen},
			{Name: "HeartbeatStorage", Set: func(c *directive.Call) error {
				heartbeat.Slot.Of(c.Server).Storage = c.Arg(0)
				return nil
			}},
			{Name: "HeartbeatMaxServers", Set: setMax},
		},
	}
}

func setListen(c *directive.Call) error {
	s := heartbeat.Slot.Of(c.Server)
	if s.Listen.IsValid() {
		return c.Errorf("HeartbeatListen: May only be specified once.")
	}
	host, port, err := heartbeat.SplitAddress(c.Arg(0))
	switch {
	case err != nil:
		return c.Errorf("HeartbeatListen: Unable to parse multicast address.")
	case host == "":
		return c.Errorf("HeartbeatListen: No host provided in multicast address")
	case port == 0:
		return c.Errorf("HeartbeatListen: No port provided in multicast address")
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || !addr.Is4() {
		return c.Errorf("HeartbeatListen: apr_sockaddr_info_get failed on multicast address")
	}
	s.Listen, s.Pos = netip.AddrPortFrom(addr, port), c.Pos()
	return nil
}

func setMax(c *directive.Call) error {
	n := ascii.LeadingInt(c.Arg(0))
	if n < 0 || n > 0 && n < 10 {
		return c.Errorf("HeartbeatMaxServers: Should be 0 for file storage, or greater or equal than 10 for slotmem")
	}
	heartbeat.Slot.Of(c.Server).Max = n
	return nil
}

// finish starts the monitor, also where no balancer goes by it: the file is for
// others.
func finish(b *module.Builder) error {
	c, ok := heartbeat.Slot.Peek(b.Main.Server)
	if !ok || !c.Listen.IsValid() {
		return nil
	}
	if _, err := c.Open(b.Lease, b.RuntimeDir, b.Log, b.Check); err != nil {
		b.Fail(c.Pos, "HeartbeatListen", err)
	}
	return nil
}
