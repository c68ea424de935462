package h1

import (
	"bytes"
	"errors"
	"io"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/proxyproto"
)

// readProxyHeader reads the PROXY header that the connection must begin with into
// p. It counts as the beginning of the first request: it has that one's time, and
// its bytes are the request's. False: there was none, and the connection ends
// without a response, since the peer does not expect one (httpd:
// the connection is aborted).
func (st *state) readProxyHeader(p *exchange.Peer) bool {
	at := st.x.Times.Start
	for {
		h, n, err := proxyproto.Parse(st.in.bytes[st.in.r:st.in.w])
		if err == nil {
			st.in.r += n
			st.x.Count.In = int64(n)
			st.setProxied(p, h)
			return true
		}
		if !errors.Is(err, proxyproto.ErrIncomplete) {
			st.badProxyHeader(err)
			return false
		}
		_ = st.conn.SetReadDeadline(st.headEnd(at))
		if err := st.in.fill(); err != nil {
			st.noProxyHeader(err)
			return false
		}
		at = st.now()
	}
}

// setProxied keeps the client that the header named while the connection lives: the peer
// itself, if it named nobody.
func (st *state) setProxied(p *exchange.Peer, h proxyproto.Header) {
	p.Addr = h.Client
	switch {
	case !h.Client.IsValid():
		p.Addr, p.Text = st.client.Remote, bytes.Clone(st.client.PeerIP)
	case h.Text != nil:
		p.Text = bytes.Clone(h.Text) // httpd: shown as it was sent
	default:
		p.Text = h.Client.Addr().AppendTo(nil)
	}
	st.x.Logf(logsink.Debug, "remoteip", "AH03511", "RemoteIPProxyProtocol: received valid PROXY header: %s:%d", p.Text, p.Addr.Port())
}

func (st *state) badProxyHeader(err error) {
	var bad *proxyproto.Bad
	if errors.As(err, &bad) {
		st.x.Logf(logsink.Error, "remoteip", bad.ID, "%s", bad.Text)
	}
}

// noProxyHeader logs the end of a connection whose header did not come. Monitors
// that only connect are no errors.
func (st *state) noProxyHeader(err error) {
	if err == io.EOF {
		st.x.Logf(logsink.Info, "remoteip", "AH10634", "RemoteIPProxyProtocol: connection closed before a complete header was received")
		return
	}
	st.x.Logf(logsink.Error, "remoteip", "AH10184", "RemoteIPProxyProtocol: failed reading the PROXY header: %v", err)
}
