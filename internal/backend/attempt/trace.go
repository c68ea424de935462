package attempt

import (
	"fmt"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
)

// traceEnd says what becomes of the connection, and why. The cases are those of
// settle.
func (a *attempt) traceEnd() {
	kept := "it is kept"
	if a.peerIdle > 0 {
		kept = fmt.Sprintf("it is kept, by the backend for %v", a.peerIdle)
	}
	switch {
	case a.handed:
		kept = "it belongs to a tunnel now"
	case a.unsent:
	case !a.done && !a.whole():
		kept = "it is reset: the request is not complete"
	case !a.done:
		kept = "it is closed: the attempt failed"
	case !a.reusable:
		kept = "it is closed: " + a.whyClosed()
	}
	c := a.conn
	a.x.Logf(logsink.Debug, "proxy", "AH00943", "%s: has released connection for (%s) after %s, %d bytes sent, %d received: %s",
		a.w.Scheme, c.Addr, exchange.Millis(a.record.Took), c.Sent, c.Received, kept)
}

// whyClosed says why a connection is not reusable.
func (a *attempt) whyClosed() string {
	switch {
	case !a.w.Reuse:
		return "connections to this backend are not kept (disablereuse=On)"
	case a.x.Out.NoReuse:
		return "the request says so (proxy-nokeepalive)"
	case a.eof:
		return "the backend has closed it"
	case a.r != a.u:
		return "the backend sent more than its response"
	case !a.whole():
		return "the backend responded before it had the whole request"
	}
	return "the response says so"
}
