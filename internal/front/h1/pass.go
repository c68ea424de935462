package h1

import (
	"errors"
	"io"
	"time"

	"github.com/headgate/headgate/internal/clienthello"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/wire"
)

// errNotPassed ends a handshake with a name whose connections should have been passed on.
var errNotPassed = errors.New("connections with this name are passed on unread, and its hello could not be read for that")

// passes reads the hello of a connection whose address has virtual hosts with
// HeadgatePassthrough. Where the name is one of theirs the connection is passed on, or
// closed because it cannot be: true. False: what was read is still in the input, and the
// connection is for a handshake here.
func (st *state) passes() bool {
	name, err := st.hello()
	if err != nil {
		if errors.Is(err, clienthello.ErrNone) && st.site.TLS.On() {
			return false // crypto/tls says what is wrong with it
		}
		st.logHello(err)
		return true
	}
	site := st.front.Service.Named(&st.client, name)
	if site.Pass == nil {
		return false
	}
	st.deliver(site, name)
	return true
}

// hello reads until the hello is complete, and returns its name. It has as long as a
// handshake, and as much room as a loop's buffer.
func (st *state) hello() (name string, err error) {
	_ = st.conn.SetReadDeadline(st.shakeEnd())
	defer func() { _ = st.conn.SetReadDeadline(time.Time{}) }()
	for {
		name, err = clienthello.ServerName(st.in.bytes[st.in.r:st.in.w])
		if !errors.Is(err, clienthello.ErrIncomplete) {
			return name, err
		}
		if st.in.w == len(st.in.bytes) {
			return "", clienthello.ErrNone
		}
		if err := st.in.fill(); err != nil {
			return "", err
		}
	}
}

// deliver serves a connection as one exchange: a request that stands for it goes through
// virtual host, sections, access control and balancer, and is in the logs. Nothing is written
// to the client, whatever becomes of it: the connection is joined to a member's, which gets the
// hello first, or closed.
func (st *state) deliver(site *exchange.Site, name string) {
	st.site, st.x.Site = site, site
	st.client.Conn, st.client.Passed = st.conn, true
	st.client.Requests++
	st.x.Times.Read = st.now()
	st.out.mute = true
	lim := wire.DefaultLimits()
	if err := wire.ParseRequest(standIn(&st.x, name), &st.x.Req, &lim); err != nil {
		return
	}
	st.body.start(&st.x.Req, st.x.Count.In)
	st.front.Service.Serve(&st.x)
	if st.x.Tunnel != nil && !st.x.Truncated && !st.out.broken {
		st.join()
	}
}

// standIn returns the head of the request that stands for a connection. Its method is one
// that no client's request can be mistaken for, its Host the name.
func standIn(x *exchange.Exchange, name string) []byte {
	if name == "" {
		return []byte("PASS / HTTP/1.0\r\n\r\n")
	}
	return x.Arena.Join([]byte("PASS / HTTP/1.0\r\nHost: "), []byte(name), []byte("\r\n\r\n"))
}

// logHello logs a connection that ends because there is no hello to pass on.
func (st *state) logHello(err error) {
	text := err.Error()
	switch {
	case err == io.EOF:
		text = "the client closed the connection before its ClientHello was complete"
	case late(err):
		text = "the ClientHello took longer than allowed"
	}
	st.x.Logf(logsink.Info, "proxy", "", "passthrough: %s", text)
}
