package exchange

import (
	"net/netip"
	"strconv"
)

// Peer is an end of a connection that somebody else vouches for.
type Peer struct {
	Addr netip.AddrPort // port 0: not known
	Text []byte         // the address as it is shown; never nil in a valid Peer
}

// SetRemote sets the client of the request when that is not the peer of the
// connection: mod_remoteip believes a proxy. p.Text must live as long as x.
func (x *Exchange) SetRemote(p Peer) { x.remote = p }

// RemoteOf makes x a request from where another is from.
func (x *Exchange) RemoteOf(o *Exchange) { x.remote = o.remote }

// Remote returns the address and port that the request is from: those of
// SetRemote, else the peer's (httpd: r->useragent_addr).
func (x *Exchange) Remote() netip.AddrPort {
	if x.remote.Text != nil {
		return x.remote.Addr
	}
	return x.Client.Remote
}

// RemoteAddr returns the address that access control and expressions go by:
// that of Remote, an IPv4 one never in mapped form, and no zone.
func (x *Exchange) RemoteAddr() netip.Addr { return x.Remote().Addr().Unmap().WithZone("") }

// Restored reports whether another than the peer is the client, because a proxy that
// is trusted says so.
func (x *Exchange) Restored() bool { return x.remote.Text != nil }

// ClientIP returns the address of Remote as it is shown: %a, REMOTE_ADDR,
// X-Forwarded-For (httpd: r->useragent_ip).
func (x *Exchange) ClientIP() []byte {
	if x.remote.Text != nil {
		return x.remote.Text
	}
	return x.Client.PeerIP
}

// remoteText is Remote for the error log. httpd shows the address as in %a.
func (x *Exchange) remoteText() string {
	if x.remote.Text == nil {
		return x.Client.Remote.String()
	}
	return string(strconv.AppendUint(append(append([]byte(nil), x.remote.Text...), ':'), uint64(x.remote.Addr.Port()), 10))
}
