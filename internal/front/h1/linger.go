package h1

import (
	"time"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/wire"
)

// A connection whose socket is closed while input is unread, or comes later, is
// reset, and the reset destroys what the client has not taken yet: also the
// complete responses to what it sent before. So our half is closed first and
// the rest is read and thrown away, until the client closes or a bound is
// reached (RFC 9112 section 9.6). The times are httpd's.
const (
	lingerTime  = 30 * time.Second // at most, whatever comes
	lingerIdle  = 2 * time.Second  // without input
	lingerBytes = 64 << 20         // of input
	resetTime   = 2 * time.Second  // before a reset
)

// linger ends a connection whose last response was written: it closes our half
// and reads on until the client closes. A client that said it sends nothing
// more, and has not, is not waited for.
func (st *state) linger() {
	if st.body.done && st.in.buffered() == 0 && st.lastByClient() && st.conn.Alive() {
		return
	}
	if st.conn.CloseWrite() == nil {
		st.readOff(lingerTime)
	}
}

// lastByClient says whether the client announced that this request is its last.
// What it said counts, not Request.Close, which others set too.
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

// readOff reads and throws away what the client sends, at most for d.
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
