package h1

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/tunnel"
	"github.com/headgate/headgate/internal/wire"
)

// writeSwitch is WriteHead for 101: what follows is no body of HTTP's.
func (st *state) writeSwitch(r *message.Response) error {
	o := &st.out
	o.noBody, o.ended = true, true
	st.x.KeptAlive = false
	o.gather()
	o.bytes = wire.AppendStatusLine(o.bytes, message.HTTP11, r.Status, r.Reason)
	o.bytes = wire.AppendHeader(o.bytes, &r.Header, message.Hop|message.Dropped) // httpd: neither Date nor Server is added
	o.bytes = append(o.bytes, "Upgrade: "...)
	o.bytes = append(o.bytes, st.x.Tunnel.Protocol...)
	o.bytes = append(o.bytes, "\r\nConnection: Upgrade\r\n\r\n"...)
	return nil
}

// join makes a tunnel of the connection and the backend's, once the head is out.
// Nothing of the exchange is held by it.
func (st *state) join() {
	u, c := st.x.Tunnel, &st.client
	early := st.in.bytes[st.in.r:st.in.w]
	in, out := st.x.Count.In+int64(len(early)), st.x.Count.Out+int64(len(u.Early))
	loop := st.x.Loop
	st.conn.Detach()
	st.front.Tunnels.Start(&tunnel.Config{
		Client: st.conn, Backend: u.Backend, FromClient: early, FromBackend: u.Early,
		Idle: u.Idle, Patience: st.x.Site.Timeout,
		ClientAddr: c.Remote.String(), BackendAddr: u.Addr, Target: u.Name,
		Ended: func(s tunnel.Summary) {
			u.End(exchange.TunnelEnd{
				Loop: loop, Time: loop.Now(), Broken: s.Cause == tunnel.Broke,
				In: in + s.FromClient, Out: out + s.FromBackend,
			})
		},
	})
}
