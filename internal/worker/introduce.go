package worker

import (
	"net/netip"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxyproto"
	"github.com/headgate/headgate/internal/reactor"
)

// ends are the two ends of a client's connection, as a PROXY header names them. The
// zero value stands for no client.
type ends struct{ client, server netip.AddrPort }

// endsOf returns those of the connection of x, with the client that mod_remoteip
// found. Where it found one, its port may be 0: not known.
func endsOf(x *exchange.Exchange) ends { return ends{x.Remote(), x.Client.Local} }

// introduce sends the PROXY header of a new connection, unless the worker has none.
// It waits no longer than until by. After an error the connection is closed.
func (w *Worker) introduce(rc reactor.Conn, e ends, by time.Time) error {
	if w.ProxyHeader == proxyproto.None {
		return nil
	}
	_ = rc.SetWriteDeadline(by)
	if _, err := rc.Write(proxyproto.Append(make([]byte, 0, proxyproto.MaxSize), w.ProxyHeader, e.client, e.server)); err != nil {
		_ = rc.Close()
		return err
	}
	return rc.SetWriteDeadline(time.Time{})
}
