package h1

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/tunnel"
	"github.com/headgate/headgate/internal/wire"
)

// writeSwitch is WriteHead for 101, and for 2xx to CONNECT: no HTTP body follows.
func (st *state) writeSwitch(r *message.Response) error {
	o := &st.out
	o.noBody, o.ended = true, true
	st.x.KeptAlive = false
	o.gather()
	o.bytes = wire.AppendStatusLine(o.bytes, message.HTTP11, r.Status, r.Reason)
	o.bytes = wire.AppendHeader(o.bytes, &r.Header, message.Hop|message.Dropped) // httpd: neither Date nor Server is added
	if p := st.x.Tunnel.Protocol; p != "" {
		o.bytes = append(append(o.bytes, "Upgrade: "...), p...)
		o.bytes = append(o.bytes, "\r\nConnection: Upgrade\r\n"...)
	}
	o.bytes = append(o.bytes, "\r\n"...)
	return nil
}

// join makes a tunnel of the client's connection and the backend's, once the
// head is sent. The tunnel holds nothing of the exchange.
func (st *state) join() {
	u := st.x.Tunnel
	early := st.in.bytes[st.in.r:st.in.w]
	st.conn.Detach()
	st.joined = true
	st.front.Tunnels.Start(&tunnel.Config{
		Client: st.conn, Backend: u.Backend, FromClient: early, FromBackend: u.Early,
		Idle: u.Idle, Patience: st.x.Site.Timeout,
		ClientAddr: st.x.Remote(), Way: u.Way,
		Ended: &tunnelEnd{
			Ending: u.Ending, loop: st.x.Loop,
			in: st.x.Count.In + int64(len(early)), out: st.x.Count.Out + int64(len(u.Early)),
		},
	})
}

// tunnelEnd is the part of an exchange that is needed at the end of its tunnel.
type tunnelEnd struct {
	exchange.Ending
	loop    reactor.Loop
	in, out int64 // bytes before the tunnel, those read ahead included
}

// Ended implements tunnel.Ender.
func (e *tunnelEnd) Ended(s tunnel.Summary) {
	e.End(exchange.TunnelEnd{
		Loop: e.loop, Time: e.loop.Now(), Broken: s.Cause == tunnel.Broke,
		In: e.in + s.FromClient, Out: e.out + s.FromBackend,
	})
}
