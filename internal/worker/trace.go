package worker

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
)

// The lines of LogLevel proxy:debug and proxy:trace2 about connections. Their
// beginnings are httpd's. Callers on the way of every request ask x.Logs first.

// traceTaken says which connection an attempt has.
func (w *Worker) traceTaken(x *exchange.Exchange, c *Conn, t *exchange.Try) {
	from := "new"
	if c.Reused {
		from = fmt.Sprintf("from the pool, idle for %s", exchange.Millis(c.Idle))
	}
	var waits strings.Builder
	for _, p := range []struct {
		what string
		took time.Duration
	}{{"waited for a slot", t.Queue}, {"resolved in", t.Resolve}, {"connected in", t.Connect}, {"TLS handshake in", t.Handshake}} {
		if p.took > 0 {
			fmt.Fprintf(&waits, ", %s %s", p.what, exchange.Millis(p.took))
		}
	}
	if c.port > 0 {
		fmt.Fprintf(&waits, ", our port %d", c.port)
	}
	x.Logf(logsink.Debug, "proxy", "AH00942", "%s: has acquired connection for (%s): %s%s", w.Scheme, c.Addr, from, &waits)
}

// tracePassed says why a connection of the pool is not used but closed.
func (w *Worker) tracePassed(x *exchange.Exchange, c *Conn, now time.Time) {
	if !x.Logs(logsink.Debug, "proxy") {
		return
	}
	why := "the backend has closed it, or sent something"
	switch limit := w.limit(now); {
	case beyond(c.Idle, c.peerIdle):
		why = fmt.Sprintf("the backend keeps connections for %v, by its Keep-Alive field", c.peerIdle)
	case beyond(c.Idle, limit) && limit == w.TTL:
		why = fmt.Sprintf("ttl=%v", limit)
	case beyond(c.Idle, limit):
		why = fmt.Sprintf("the backend has closed one after about %v", limit.Round(time.Millisecond))
	case c.leadsAway(w.pool):
		why = "the backend's name has other addresses now"
	case w.bound() && !w.suits(c, x, w.peerName(x)):
		why = "it was made for another name, certificate or client"
	}
	x.Logf(logsink.Debug, "proxy", "", "%s: connection to %s is closed, idle for %s: %s", w.Scheme, c.Addr, exchange.Millis(c.Idle), why)
}

// traceConnect says how an attempt to connect to one address went. httpd: AH00957 is
// an error there, even if the next address accepts.
func (w *Worker) traceConnect(x *exchange.Exchange, addr string, took time.Duration, err error) {
	switch {
	case !x.Logs(logsink.Debug, "proxy"):
	case err != nil:
		x.Logf(logsink.Debug, "proxy", "AH00957", "%s: attempt to connect to %s failed after %s: %v", w.Scheme, addr, exchange.Millis(took), err)
	default:
		x.Logf(logsink.Debug, "proxy", "AH02824", "%s: connection established with %s in %s", w.Scheme, addr, exchange.Millis(took))
	}
}

// traceResolved says what a look-up that a request waited for has found.
func (w *Worker) traceResolved(x *exchange.Exchange, addrs []netip.Addr, took time.Duration, err error) {
	switch {
	case !x.Logs(logsink.Debug, "proxy"):
	case err != nil:
		x.Logf(logsink.Debug, "proxy", "", "%s: look-up of %s failed after %s: %v; %d addresses are known from before",
			w.Scheme, w.Host, exchange.Millis(took), err, len(addrs))
	default:
		x.Logf(logsink.Debug, "proxy", "AH10479", "%s: %s resolved to %v in %s, looked up again after %s",
			w.Scheme, w.Host, addrs, exchange.Millis(took), expiry(w.State.name.Expires(), x.Loop.Now()))
	}
}

func expiry(at, now time.Time) string {
	if at.IsZero() {
		return "a reload"
	}
	return at.Sub(now).Round(time.Millisecond).String()
}
