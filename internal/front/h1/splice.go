package h1

import (
	"io"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

var _ exchange.BodySplicer = (*state)(nil)

// SpliceOut implements exchange.BodySplicer: for a body that is sent unchanged,
// by its length or until the connection's end.
func (st *state) SpliceOut(src reactor.Conn, n int64, until time.Time) (moved int64, read, write error) {
	o := &st.out
	if o.length >= 0 {
		n = min(n, o.length) // more would be read as the next response
	}
	from := splicer(src, st.conn)
	if from == nil || o.chunked || o.noBody || o.broken || n <= 0 {
		return 0, reactor.ErrNoSplice, nil
	}
	if err := st.Flush(); err != nil {
		return 0, nil, err
	}
	_ = st.conn.SetWriteDeadline(until.Add(st.x.Site.Timeout))
	moved, _, read, write = from.SpliceTo(st.conn, n)
	st.x.Count.Out += moved
	if o.length >= 0 {
		o.length -= moved
	}
	if write != nil {
		o.broken = true
	}
	return moved, read, write
}

// splicer returns src as a splicer, nil unless both ends are plain connections.
func splicer(src, dst reactor.Conn) reactor.Splicer {
	from, ok := src.(reactor.Splicer)
	if _, plain := dst.(reactor.Splicer); !ok || !plain {
		return nil
	}
	return from
}

// spliceWait is the longest wait for input in one go. The deadline of the other
// side must be later, so that the last input still has its whole time; a side
// that accepts nothing is found that much later.
const spliceWait = 2 * time.Second

// SpliceIn implements exchange.BodySplicer.
func (st *state) SpliceIn(dst reactor.Conn, patience time.Duration) (moved int64, read, write error) {
	b := &st.body
	switch {
	case b.err != nil:
		return 0, b.err, nil
	case b.done:
		return 0, io.EOF, nil
	}
	from := splicer(st.conn, dst)
	if from == nil || b.kind != message.Length || st.tooLarge() {
		return 0, reactor.ErrNoSplice, nil
	}
	if err := st.sayContinue(); err != nil {
		return 0, err, nil
	}
	if st.in.buffered() > 0 {
		return st.passOn(dst, patience)
	}
	now := st.now()
	for end := st.bodyEnd(now, now.Add(st.x.Site.Timeout)); ; now = st.now() {
		until := now.Add(spliceWait)
		if end.Before(until) {
			until = end
		}
		_ = st.conn.SetReadDeadline(until)
		_ = dst.SetWriteDeadline(until.Add(patience))
		// As in await: a caller that stops sets the flag before the deadlines.
		if st.stop.Load() {
			return 0, errStopped, nil
		}
		var waited time.Duration
		moved, waited, read, write = from.SpliceTo(dst, b.left)
		b.waited += waited
		silent := moved == 0 && write == nil && late(read)
		if !silent || st.stop.Load() || !st.now().Before(end) {
			return st.tookIn(moved, read, write)
		}
	}
}

// tooLarge reports whether the body may outgrow LimitRequestBody: then it is
// read up to that limit.
func (st *state) tooLarge() bool {
	c := st.x.Chain
	return c != nil && c.LimitBody > 0 && st.body.read+st.body.left > c.LimitBody
}

// passOn writes body bytes that were read ahead.
func (st *state) passOn(dst reactor.Conn, patience time.Duration) (moved int64, read, write error) {
	p := st.in.bytes[st.in.r:st.in.w]
	p = p[:min(int64(len(p)), st.body.left)]
	_ = dst.SetWriteDeadline(st.now().Add(patience))
	if st.stop.Load() {
		return 0, errStopped, nil
	}
	n, err := dst.Write(p)
	st.in.r += n
	st.took(int64(n))
	return int64(n), nil, err
}

// took counts body bytes that the backend has accepted.
func (st *state) took(n int64) {
	b := &st.body
	b.left -= n
	b.read += n
	b.done = b.left == 0
	st.x.Count.In += n
}

// tookIn records the result of one move from the client's connection.
func (st *state) tookIn(moved int64, read, write error) (int64, error, error) {
	st.took(moved)
	b := &st.body
	switch {
	case b.done:
		read = nil
	case read != nil && read != reactor.ErrNoSplice && !(moved > 0 && late(read)):
		read = st.bodyFault(read)
	}
	if write != nil && !b.done {
		// The bytes on their way are lost: the position in the body is unknown.
		b.lost.Store(true)
		b.err = &fault.Fault{
			Side: fault.Client, Module: "core", Phase: fault.ReadBody, Kind: fault.Aborted, Status: 400, Close: true,
			Detail: "request body was lost on its way to the backend",
		}
	}
	return moved, read, write
}

var _ exchange.FileSender = (*state)(nil)

// SendFile implements exchange.FileSender: for a body that is sent unchanged, over a
// plain connection.
func (st *state) SendFile(fd int, at, n int64) (sent int64, err error) {
	o := &st.out
	to, ok := st.conn.(reactor.FileSender)
	if !ok || o.chunked || o.noBody || o.broken || n <= 0 || o.length >= 0 && n > o.length {
		return 0, reactor.ErrNoSplice
	}
	_ = st.conn.SetWriteDeadline(st.now().Add(st.x.Site.Timeout))
	wrote, sent, err := to.SendFile(o.bytes, fd, at, n, st.x.Site.Timeout)
	st.x.Count.Out += int64(wrote) + sent
	if o.length >= 0 {
		o.length -= sent
	}
	switch {
	case wrote == len(o.bytes):
		o.drop()
	case err != nil:
		o.broken = true // a part of the head was sent
	}
	if err != nil && err != reactor.ErrNoSplice && err != io.ErrUnexpectedEOF {
		o.broken = true
	}
	return sent, err
}
