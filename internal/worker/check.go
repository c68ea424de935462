package worker

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/reactor"
)

// Check is the outcome of the latest health check of a worker, and how many in a
// row spoke against its state. Immutable; it survives a reload with the State.
type Check struct {
	At     time.Time // when it began
	Took   time.Duration
	OK     bool
	Reason string // what failed, or what was seen; without bytes of the peer

	Down  bool // the worker was out: by checks, or in error
	Count int  // outcomes in a row that speak against Down, up to now
}

// LastCheck returns the latest check; nil: there was none.
func (h *Health) LastCheck() *Check { return h.check.Load() }

// Checked stores the outcome of a check.
func (h *Health) Checked(c *Check) { h.check.Store(c) }

// DialCheck opens a connection for a health check, which is none of the pool and
// counts nowhere. Its PROXY header, if there is one, speaks of no client. All its
// waits end at by. The error is a *fault.Fault.
func (w *Worker) DialCheck(l reactor.Loop, by time.Time) (reactor.Conn, error) {
	d := reactor.Dial{Path: w.Socket, Local: w.Source, KeepAlive: w.KeepAlive, RecvBuffer: w.RecvBuffer}
	if w.Socket != "" {
		return w.dialBy(l, d, "unix:"+w.Socket, by)
	}
	addrs, err := w.addrsBy(l, by)
	if err != nil {
		return nil, err
	}
	for _, a := range addrs {
		d.Addr = netip.AddrPortFrom(a, w.Port)
		var c reactor.Conn
		if c, err = w.dialBy(l, d, d.Addr.String(), by); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// SecureCheck makes the handshake on a connection of DialCheck, which ends at by. name
// is the name that the backend must have; "": none is sent or checked. The error is a
// *fault.Fault; the connection is closed then.
func (w *Worker) SecureCheck(conn reactor.Conn, tls exchange.BackendTLS, name string, by time.Time) (reactor.Conn, error) {
	addr := "unix:" + w.Socket
	if w.Socket == "" {
		addr = conn.RemoteAddr().String()
	}
	sc, _, err := w.handshake(identity{by: tls, name: name}, conn, addr, by)
	if err != nil {
		return conn, err
	}
	return sc, nil
}

// dialBy connects to one address.
func (w *Worker) dialBy(l reactor.Loop, d reactor.Dial, addr string, by time.Time) (reactor.Conn, error) {
	began := l.Now()
	if d.Timeout = by.Sub(began); d.Timeout <= 0 {
		return nil, &fault.Fault{
			Side: fault.Backend, Module: "proxy", Phase: fault.Connect, Kind: fault.Timeout, ID: "AH00957", Backend: w.Name, Addr: addr,
		}
	}
	c, err := l.Dial(d)
	if err == nil {
		err = w.introduce(c, ends{}, by)
	}
	if err != nil {
		return nil, connectFault(w.Name, addr, l.Now().Sub(began), err)
	}
	return c, nil
}

// addrsBy returns the worker's addresses. Where the set is stale, or there is
// none, the name is looked up first: nobody but the check waits for that.
func (w *Worker) addrsBy(l reactor.Loop, by time.Time) ([]netip.Addr, error) {
	n := w.State.name
	if addrs := n.Addrs(); len(addrs) > 0 && !n.Stale(l.Now()) {
		return addrs, nil
	}
	began := l.Now()
	ctx, cancel := context.WithDeadline(context.Background(), by)
	defer cancel()
	_, err := reactor.Await(ctx, l, reactor.Lookups, n, refreshName)
	if addrs := n.Addrs(); len(addrs) > 0 {
		return addrs, nil
	}
	if err == nil {
		err = errors.New("no addresses")
	}
	return nil, w.unresolved(l.Now().Sub(began), err)
}
