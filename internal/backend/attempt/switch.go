package attempt

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/wire"
)

// switchProtocols handles 101: the connection becomes a tunnel's, if the request
// asked for it.
func (a *attempt) switchProtocols(r *message.Response) *fault.Fault {
	if err := a.switches(r); err != nil {
		f := a.malformed(err)
		f.Reason = fault.NoAnswer
		return f
	}
	a.x.Hold(a.in) // the head's bytes are borrowed until the log line
	a.in = nil
	return a.hand()
}

// switches checks a 101: it must name a protocol that the request asked for, and
// the request must be sent completely. Only then do bytes pass unread.
func (a *attempt) switches(r *message.Response) error {
	asked := a.x.Out.Upgrade
	if len(asked) == 0 {
		return errors.New("backend changed protocols without being asked")
	}
	got := wire.UpgradeOf(&r.Header)
	for rest := asked; len(rest) > 0; {
		var one []byte
		one, rest, _ = bytes.Cut(rest, []byte(","))
		if len(got) > 0 && ascii.EqualFoldBytes(bytes.TrimSpace(one), string(bytes.TrimSpace(got))) {
			if !a.whole() {
				return errors.New("backend changed protocols before it had the whole request")
			}
			return nil
		}
	}
	return errors.New("backend changed to a protocol that was not asked for")
}

// hand sends the 101 and hands the connection over: it is a tunnel's from then
// on, and counts for the worker until the tunnel has ended.
func (a *attempt) hand() *fault.Fault {
	x := a.x
	x.Resp.Header.Prepend(&x.Cookies)
	conn, release := a.conn.Hand()
	x.Tunnel = &exchange.Upgrade{
		Backend: conn, Early: slices.Clone(a.buf[a.r:a.u]), Protocol: string(wire.UpgradeOf(&x.Resp.Header)),
		Idle: a.idle(), Way: a.conn.Way(a.w), Ending: exchange.Ending{Release: release},
	}
	if err := x.SendHead(true); err != nil {
		x.Tunnel = nil
		return a.sendFault(err)
	}
	a.handed = true
	return nil
}

// idle is how long the tunnel may be idle; 0: for ever. httpd: the longer one of
// the client's timeout and the backend's.
func (a *attempt) idle() time.Duration {
	switch d := a.x.Out.Idle; {
	case d < 0:
		return 0
	case d > 0:
		return d
	}
	return max(a.x.Site.Timeout, a.timeout())
}
