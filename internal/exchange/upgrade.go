package exchange

import (
	"time"

	"github.com/headgate/headgate/internal/tunnel"
)

// Upgrade is the tunnel that a response opens: 101 Switching Protocols, or 2xx
// to CONNECT. The exchange ends with it; its access log lines wait for the end
// of the tunnel.
type Upgrade struct {
	Backend  tunnel.End    // the connection that carried the exchange; now the tunnel's
	Early    []byte        // bytes read ahead from it, in separate memory
	Protocol string        // what 101 switches to, for the Upgrade field; "" for CONNECT
	Idle     time.Duration // the tunnel ends when no byte moved for so long; 0: never
	Way      *tunnel.Way   // where it leads, for listings

	Ending
}

// Ending is what remains to be done when a tunnel ends.
type Ending struct {
	// Release ends the worker's count of the connection. It is called once,
	// after the connection was closed.
	Release func()

	lines []HeldLine
}

// HoldLines keeps the access log lines of x until its tunnel ends.
func (x *Exchange) HoldLines(logs []AccessLog) {
	for _, l := range logs {
		if h := l.Hold(x); h != nil {
			x.Tunnel.lines = append(x.Tunnel.lines, h)
		}
	}
}

// End writes the lines and ends the worker's count.
func (u *Ending) End(e TunnelEnd) {
	for _, l := range u.lines {
		l.End(e)
	}
	u.lines = nil
	if u.Release != nil {
		u.Release()
	}
}
