// Package heartbeat is mod_heartbeat: once a second it tells another server, whose
// balancer goes by lbmethod=heartbeat, how many requests this one has and how many
// more it could take.
//
// Imports heartbeat, module, snapshot and what is below them.
package heartbeat

import (
	"net"
	"net/netip"
	"slices"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/heartbeat"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/state"
	"github.com/headgate/headgate/internal/syntax"
)

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_heartbeat", ID: "heartbeat_module", Finish: finish,
		Rows: []directive.Row{{Name: "HeartbeatAddress", Set: setAddress}},
	}
}

// conf is what the main server says.
type conf struct {
	to  netip.AddrPort // the zero value: no heartbeats are sent
	pos syntax.Pos
}

var slot = directive.Slot[conf]{Name: "heartbeat sender"}

// setAddress reads HeartbeatAddress. httpd: IPv4 only; a name is looked up once.
func setAddress(c *directive.Call) error {
	s := slot.Of(c.Server)
	if s.to.IsValid() {
		return c.Errorf("HeartbeatAddress: May only be specified once.")
	}
	host, port, err := heartbeat.SplitAddress(c.Arg(0))
	switch {
	case err != nil:
		return c.Errorf("HeartbeatAddress: Unable to parse address.")
	case host == "":
		return c.Errorf("HeartbeatAddress: No host provided in address")
	case port == 0:
		return c.Errorf("HeartbeatAddress: No port provided in address")
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		if addr, err = lookup(host); err == nil {
			c.Note("%s is %s now, and stays so until the next reload", host, addr)
		}
	}
	if err != nil || !addr.Is4() {
		return c.Errorf("HeartbeatAddress: apr_sockaddr_info_get failed.")
	}
	s.to, s.pos = netip.AddrPortFrom(addr, port), c.Pos()
	return nil
}

// lookup returns the first IPv4 address of a name.
func lookup(host string) (netip.Addr, error) {
	list, err := net.LookupIP(host)
	if err != nil {
		return netip.Addr{}, err
	}
	for _, ip := range list {
		if v4 := ip.To4(); v4 != nil {
			return netip.AddrFrom4([4]byte(v4)), nil
		}
	}
	return netip.Addr{}, &net.DNSError{Err: "no IPv4 address", Name: host, IsNotFound: true}
}

// finish has a heartbeat sent once a second while the snapshot is current.
func finish(b *module.Builder) error {
	c, ok := slot.Peek(b.Main.Server)
	if !ok || !c.to.IsValid() || b.Check {
		return nil
	}
	var failed error
	p := state.Attach(b.Lease, "heartbeat sender|"+c.to.String(), func() (*pulse, func()) {
		s, err := heartbeat.NewSender(c.to)
		if failed = err; err != nil {
			return new(pulse), nil
		}
		return &pulse{sender: s}, s.Close
	})
	if p.sender == nil {
		b.Fail(c.pos, "HeartbeatAddress", failed)
		return nil
	}
	b.Part.Sweeps = append(b.Part.Sweeps, func() { p.beat(b.Settings.Latest(), b.Log) })
	return nil
}

// pulse sends heartbeats. It survives a reload, and counts the requests of snapshots
// that are no longer current too. Only sweeps use it, one at a time.
type pulse struct {
	sender  *heartbeat.Sender
	counted []*snapshot.Snapshot
	failing bool
}

// beat sends a heartbeat for the current snapshot.
func (p *pulse) beat(current *snapshot.Snapshot, log *logsink.ErrorLog) {
	p.counted = slices.DeleteFunc(p.counted, func(s *snapshot.Snapshot) bool { return s != current && s.InFlight() == 0 })
	if !slices.Contains(p.counted, current) {
		p.counted = append(p.counted, current)
	}
	busy := 0
	for _, s := range p.counted {
		busy += s.InFlight()
	}
	err := p.sender.Send(heartbeat.Beat{Busy: busy, Ready: max(snapshot.Capacity(current.MaxInFlight)-busy, 0)})
	if err != nil && !p.failing && log != nil {
		log.Logf(logsink.Record{Module: "heartbeat", Level: logsink.Warn, Err: err}, "a heartbeat cannot be sent")
	}
	p.failing = err != nil
}
