package h1

import (
	"time"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/wire"
)

// If a socket is closed while input is unread, or arrives later, the connection
// is reset, and the reset destroys data the client has not read yet, even
// complete earlier responses. So our half is closed first, and input is read
// and dropped until the client closes or a limit is reached (RFC 9112 section
// 9.6). The times are httpd's.
const (
	lingerTime  = 30 * time.Second // at most, whatever comes
	lingerIdle  = 2 * time.Second  // without input
	lingerBytes = 64 << 20         // of input
	resetTime   = 2 * time.Second  // before a reset
)

// linger ends a connection after its last response: it closes our half and
// reads until the client closes. It does not wait for a client that announced
// its last request and has sent nothing since, or that has closed already.
func (st *state) linger() {
	if st.body.done && st.in.buffered() == 0 && st.nothingUnread() {
		return
	}
	if st.conn.CloseWrite() == nil {
		st.readOff(lingerTime)
	}
}

// nothingUnread reports whether a close leaves nothing unread: the client has
// announced its last request or has closed, and has sent nothing since.
func (st *state) nothingUnread() bool {
	e, ok := st.conn.(reactor.Ender)
	if !ok {
		return st.lastByClient() && st.conn.Alive()
	}
	if st.lastByClient() {
		return e.Empty()
	}
	return e.Ended()
}

// lastByClient reports whether the client announced that this request is its
// last. It does not use Request.Close, which other code sets too.
func (st *state) lastByClient() bool {
	h := &st.x.Req.Header
	if wire.HasToken(h, message.Connection, "close") {
		return true
	}
	return st.x.Req.Version < message.HTTP11 && !wire.HasToken(h, message.Connection, "keep-alive")
}

// endCut ends a connection whose response was cut.
func (st *state) endCut() {
	switch st.out.ending {
	case endsLingering:
		st.readOff(lingerTime)
	case endsReset:
		st.readOff(resetTime)
		_ = st.conn.Abort()
	}
}

// readOff reads and drops input from the client, at most for d.
func (st *state) readOff(d time.Duration) {
	b := st.x.Loop.Buffer()
	defer st.x.Loop.Return(b)
	end := st.now().Add(d)
	for n := 0; n < lingerBytes; {
		by := st.now().Add(lingerIdle)
		if by.After(end) {
			by = end
		}
		_ = st.conn.SetReadDeadline(by)
		m, err := st.conn.Read(b.Bytes)
		if err != nil {
			return
		}
		n += m
	}
}
