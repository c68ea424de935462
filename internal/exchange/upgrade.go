package exchange

import (
	"time"

	"github.com/headgate/headgate/internal/tunnel"
)

// Upgrade is what a response opened that makes a tunnel of its exchange: 101
// Switching Protocols, or 2xx to CONNECT. The exchange itself ends with it; its
// access log lines wait for the end of the tunnel.
type Upgrade struct {
	Backend  tunnel.End    // the connection that carried the exchange; the tunnel's from then on
	Early    []byte        // what was read ahead from it; its own memory
	Protocol string        // what 101 switches to, for the Upgrade field; "" for CONNECT
	Idle     time.Duration // the tunnel ends when no byte moved for so long; 0: never
	Way      *tunnel.Way   // where it leads, for listings

	Ending
}

// Ending is what has to be done when a tunnel ends.
type Ending struct {
	// Release gives back what the worker counts for the connection. It is called
	// once, when the connection was closed.
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

// End closes the book on a tunnel: lines are written, the worker's count is
// given back.
func (u *Ending) End(e TunnelEnd) {
	for _, l := range u.lines {
		l.End(e)
	}
	u.lines = nil
	if u.Release != nil {
		u.Release()
	}
}
