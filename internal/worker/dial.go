package worker

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/proxyproto"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/resolve"
)

// dial opens a connection for a slot that is already taken; a failure frees it.
func (w *Worker) dial(x *exchange.Exchange) (*Conn, error) {
	c, err := w.open(x)
	if err != nil {
		w.State.free(x.Loop)
		return nil, err
	}
	return c, nil
}

// open tries each address in turn, each with the full connect timeout, as httpd
// does. When all fail the name is looked up once more and new addresses are
// tried.
func (w *Worker) open(x *exchange.Exchange) (*Conn, error) {
	d := reactor.Dial{
		Path: w.Socket, Local: w.Source, Timeout: w.connectTimeout(x),
		KeepAlive: w.KeepAlive, RecvBuffer: w.RecvBuffer,
	}
	if w.Socket != "" {
		return w.connect(x, d, "unix:"+w.Socket)
	}
	addrs, err := w.addrs(x)
	if err != nil {
		return nil, err
	}
	c, err := w.tryAll(x, d, addrs, nil)
	if err == nil {
		return c, nil
	}
	if !w.State.mayAskAgain(x.Loop.Now()) {
		return nil, err
	}
	again, rerr := w.refresh(x)
	if rerr != nil {
		return nil, err
	}
	if c, aerr := w.tryAll(x, d, again, addrs); aerr == nil && c != nil {
		return c, nil
	}
	return nil, err
}

// askAgain is how often the name of a worker whose addresses all fail is looked
// up: a backend that is down must not cause a storm of look-ups.
const askAgain = time.Second

// mayAskAgain reports whether the name may be looked up because of a failure.
func (s *State) mayAskAgain(now time.Time) bool {
	last := s.asked.Load()
	return now.UnixNano()-last >= int64(askAgain) && s.asked.CompareAndSwap(last, now.UnixNano())
}

// tryAll connects to the first address that accepts, except those in not.
func (w *Worker) tryAll(x *exchange.Exchange, d reactor.Dial, addrs, not []netip.Addr) (c *Conn, err error) {
	for _, a := range addrs {
		if slices.Contains(not, a) {
			continue
		}
		if w.Refuses != nil && w.Refuses(a) {
			err = w.refused(a)
			continue
		}
		d.Addr = netip.AddrPortFrom(a, w.Port)
		if c, err = w.connect(x, d, d.Addr.String()); err == nil {
			return c, nil
		}
	}
	return nil, err
}

// refused is the fault of an address that clients may not have us connect to.
func (w *Worker) refused(a netip.Addr) *fault.Fault {
	host := w.Host + " is "
	if w.Host == a.String() {
		host = ""
	}
	return &fault.Fault{
		Side: fault.Client, Module: "proxy", Phase: fault.Connect, Kind: fault.Denied, Cause: fault.DeniedByForwardAllow, Status: 403, Backend: w.Name,
		Detail: host + a.String() + ", which only this machine should reach; HeadgateForwardAllow does not name it",
	}
}

func (w *Worker) connect(x *exchange.Exchange, d reactor.Dial, addr string) (*Conn, error) {
	l := x.Loop
	began := l.Now()
	rc, err := l.Dial(d)
	took := l.Now().Sub(began)
	if t := x.Tries.Last(); t != nil {
		t.Addr = addr
		t.Connect += took
	}
	w.traceConnect(x, addr, took, err)
	if err != nil {
		return nil, w.limited(x, connectFault(w.Name, addr, took, err))
	}
	port := portOf(rc.LocalAddr())
	var id identity
	if w.ProxyHeader != proxyproto.None {
		id.ends = new(endsOf(x))
		if err = w.introduce(rc, *id.ends, began.Add(d.Timeout)); err != nil {
			return nil, w.limited(x, connectFault(w.Name, addr, l.Now().Sub(began), err))
		}
	}
	if w.Through != nil && (w.Secure || w.Through.Raw) {
		if err = w.tunnel(rc, addr, began.Add(w.connectTimeout(x))); err != nil {
			_ = rc.Abort()
			return nil, err
		}
	}
	if w.Secure {
		if rc, err = w.secure(x, rc, addr, &id); err != nil {
			return nil, err
		}
	}
	s, i := w.State, l.Index()
	return &Conn{
		Conn: rc, identity: id, Addr: addr, ip: d.Addr.Addr(), port: port, state: s, counters: &s.counters[i], home: &s.pool.shards[i], reuse: w.Reuse, shared: s.shares,
	}, nil
}

// portOf returns the port of an address, 0 where it has none.
func portOf(a net.Addr) uint16 {
	if at, ok := a.(interface{ AddrPort() netip.AddrPort }); ok {
		return at.AddrPort().Port()
	}
	return 0
}

func (w *Worker) connectTimeout(x *exchange.Exchange) time.Duration {
	if w.ConnectTimeout > 0 {
		return w.ConnectTimeout
	}
	return w.Wait(x)
}

// addrs returns the worker's current addresses. A stale set is used and
// refreshed in the background; the exchange waits only if there is none.
func (w *Worker) addrs(x *exchange.Exchange) ([]netip.Addr, error) {
	n := w.State.name
	addrs := n.Addrs()
	if len(addrs) == 0 {
		return w.refresh(x)
	}
	if n.Stale(x.Loop.Now()) {
		w.State.renew()
	}
	return addrs, nil
}

// resolvePatience limits a look-up.
const resolvePatience = 10 * time.Second

// refresh looks the name up now.
func (w *Worker) refresh(x *exchange.Exchange) ([]netip.Addr, error) {
	n := w.State.name
	began := x.Loop.Now()
	ctx, cancel := context.WithTimeout(context.Background(), min(resolvePatience, w.connectTimeout(x)))
	defer cancel()
	_, err := reactor.Await(ctx, x.Loop, reactor.Lookups, n, refreshName)
	took := x.Loop.Now().Sub(began)
	if t := x.Tries.Last(); t != nil {
		t.Resolve += took
	}
	w.traceResolved(x, n.Addrs(), took, err)
	if addrs := n.Addrs(); len(addrs) > 0 {
		return addrs, nil
	}
	if err == nil {
		err = errors.New("no addresses")
	}
	return nil, w.unresolved(took, err)
}

// unresolved is the fault of a name that has no addresses.
func (w *Worker) unresolved(took time.Duration, err error) *fault.Fault {
	f := &fault.Fault{
		Side: fault.Backend, Module: "proxy", Phase: fault.Resolve, Kind: fault.Unresolved, Retry: fault.Safe,
		ID: "AH00898", Backend: w.Name, Elapsed: took,
		Detail: "DNS lookup failure for: " + w.Host, Err: err,
	}
	var re *resolve.Error
	if errors.As(err, &re) {
		f.Err = re
		if re.Kind == resolve.Timeout {
			f.Cause = fault.DNSTimeout
		}
	}
	return f
}

// refreshName looks a name up. It may run on after its caller has left.
func refreshName(ctx context.Context, n *resolve.Name) (changed bool, err error) {
	return n.Refresh(ctx)
}

// connectFault says why a connection could not be opened.
func connectFault(name, addr string, took time.Duration, err error) *fault.Fault {
	f := &fault.Fault{
		Side: fault.Backend, Module: "proxy", Phase: fault.Connect, Retry: fault.Safe, ID: "AH00957",
		Backend: name, Addr: addr, Elapsed: took, Err: err, Kind: fault.Unreachable,
	}
	var nerr net.Error
	switch {
	case errors.Is(err, net.ErrClosed), errors.Is(err, reactor.ErrDraining):
		s := fault.Stopped(fault.Connect)
		s.Backend, s.Addr, s.Elapsed = name, addr, took
		return s
	case errors.Is(err, syscall.ECONNRESET):
		return f.ResetEarly()
	case errors.Is(err, syscall.ECONNREFUSED):
		f.Kind = fault.Refused
	case errors.As(err, &nerr) && nerr.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		f.Kind = fault.Timeout
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		f.Err = errno
	}
	return f
}
