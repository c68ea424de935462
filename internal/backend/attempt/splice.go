package attempt

import (
	"io"
	"math"
	"time"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// spliceMin is the least remaining body that is worth a pipe: by its length or,
// if that is unknown, by the bytes received so far. Measured: at 24 KiB both
// ways cost the same, at 48 KiB splicing is cheaper.
const spliceMin = 32 << 10

// spliceable reports whether the next part of the response might be spliced: it
// is large, body only, and none of it is in our buffer.
func (a *attempt) spliceable() bool {
	if a.r < a.u || a.eof {
		return false
	}
	left := a.codec.Splice(0)
	return left >= spliceMin || left < 0 && a.x.Count.Body >= spliceMin
}

// splice moves everything that may be spliced. reactor.ErrNoSplice says that
// the rest must be copied; nothing is lost then.
func (a *attempt) splice() error {
	for a.codec.Splice(0) != 0 && !a.eof {
		if err := a.flush(); err != nil {
			return err
		}
		switch err := a.await(true); {
		case err == io.EOF:
			a.eof = true
		case err != nil:
			return err
		}
	}
	return nil
}

// move splices once, from input that comes before until.
func (a *attempt) move(until time.Time) (int64, error) {
	n := a.codec.Splice(0)
	if n < 0 {
		n = math.MaxInt64
	}
	moved, read, write := a.x.SpliceBody(a.conn.Conn, n, until)
	left := a.codec.Splice(moved)
	switch {
	case write != nil:
		return moved, errClient{write}
	case left == 0, moved > 0 && read != nil && silent(read):
		return moved, nil
	}
	return moved, read
}

// splice sends the body by splicing, as far as that is possible. all: to its
// end.
func (u *upload) splice() (all bool, f *fault.Fault) {
	a := u.a
	due := a.x.Req.Body.Length - int64(len(a.x.Out.Prefix))
	if a.x.Req.Body.Kind != message.Length || due < spliceMin || a.head.Body.framed() {
		return false, nil
	}
	u.lost = true
	for {
		// Which side it waits for cannot be seen from here: if the backend
		// accepts nothing it ends by its own deadline.
		u.clientsTurn()
		moved, read, write := a.x.SpliceRequest(a.conn.Conn, a.timeout())
		a.x.Count.AddSent(moved)
		u.moved(int(moved))
		switch {
		case write != nil:
			return false, a.writeFault(fault.SendBody, int(moved), write)
		case read == nil:
		case read == io.EOF:
			return true, nil
		case read == reactor.ErrNoSplice: //nolint:errorlint // as it is
			return false, nil
		default:
			return false, a.proto.clientFault(read)
		}
	}
}
