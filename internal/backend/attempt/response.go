package attempt

import (
	"errors"
	"io"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// maxInterims limits the 1xx responses to one request; httpd: 10.
const maxInterims = 10

// readHead reads the final head into x.Resp and relays interim ones. last: no
// body and no end follows.
func (a *attempt) readHead() (last bool, f *fault.Fault) {
	for {
		e, err := a.next()
		if err != nil {
			return false, a.headFault(err)
		}
		switch e.Kind {
		case Headed:
			a.headed, a.record.Status = true, a.x.Resp.Status
			a.x.Resp.Body = frameOf(e.N, e.Last)
			a.x.Hold(a.in) // the head's bytes are borrowed until the log line
			a.in = nil
			return e.Last, nil
		case Interim:
			f = a.interim(&a.x.Resp)
		case Switch:
			return true, a.switchProtocols(&a.x.Resp)
		case Pong:
		default:
			f = a.malformed(errNoHead)
		}
		if f != nil {
			return false, f
		}
		if f = a.gaveWord(e.Kind); f != nil {
			return false, f
		}
	}
}

var errNoHead = errors.New("the body came before the head")

// gaveWord records that the backend confirmed, with 100 or a Pong. A fault says that
// the rest of the request cannot be sent at all.
func (a *attempt) gaveWord(k Kind) *fault.Fault {
	if k == Interim {
		if a.x.Resp.Status != 100 {
			return nil
		}
		a.said100 = true
	}
	if a.asking() {
		// The request begins now: what came is no response to it.
		a.there, a.seen = true, int64(a.u-a.r)
	}
	if a.pinging {
		// A failure to write shows again in the next read, if nothing else came.
		if f := a.word(); f != nil && a.head.Refuse != "" {
			return f
		}
	}
	return nil
}

// codingError marks an error of the codec, as opposed to one of the connection.
type codingError struct{ error }

func (e codingError) Unwrap() error { return e.error }

// errClient marks an error of the client's side that occurred while reading.
type errClient struct{ error }

func (e errClient) Unwrap() error { return e.error }

// next returns the next event that the relay needs, and reads as much as
// necessary. The error is a codingError, an errClient, a *fault.Fault, or the
// backend connection's.
func (a *attempt) next() (Event, error) {
	for {
		n, e, err := a.codec.Read(a.buf[a.r:a.u], a.eof)
		a.r += n
		if err != nil {
			return e, codingError{err}
		}
		if e.Kind != More {
			a.by, a.within = time.Time{}, false
		}
		switch e.Kind {
		case More:
			if a.eof {
				return e, io.EOF
			}
			a.progress(e.Progress)
			err = a.wait()
		case Want:
			err = a.wanted(e.N)
		case Text:
			a.x.Logf(logsink.Error, a.proto.spec.Module, a.proto.spec.TextID, "worker %s (%s): Got error '%s'", a.w.Name, a.conn.Addr, e.Data)
		case Warn:
			a.x.Logf(logsink.Warn, a.proto.spec.Module, "", "worker %s (%s): %s", a.w.Name, a.conn.Addr, e.Data)
		default:
			return e, nil
		}
		if err != nil {
			return e, err
		}
	}
}

// progress records how much has arrived of a part that must be complete before
// it is read. Its first byte may take as long as any other; from then on the
// whole part has that time again, so that a backend cannot send it byte by byte
// for ever.
func (a *attempt) progress(p Progress) {
	a.within = p == Within
	switch {
	case p == Nothing:
		a.by = time.Time{}
	case a.by.IsZero():
		a.by = a.loop.Now().Add(a.timeout())
	}
}

// wait reads more, after flushing to the client. It records the end of the
// connection, whose meaning the codec decides.
func (a *attempt) wait() error {
	if err := a.flush(); err != nil {
		return err
	}
	a.makeRoom()
	err := a.await(false)
	if err == io.EOF {
		a.eof, err = true, nil
	}
	return err
}

// flush sends the client everything that is ready.
func (a *attempt) flush() error {
	if a.x.Committed {
		if err := a.x.Flush(); err != nil {
			return errClient{err}
		}
	}
	return nil
}

// frameRoom is the room left free in the buffer for a body that the front
// frames: a piece and its frame then fit a buffer of the front, and are sent in
// one write instead of two.
const frameRoom = 64

// makeRoom prepares the buffer for more bytes. After the final head they get
// another one: the head's must not change until the exchange ends.
func (a *attempt) makeRoom() {
	if a.in == nil {
		a.in = a.loop.Buffer()
		rest := a.buf[a.r:a.u]
		a.buf = a.in.Bytes
		if a.x.Resp.Body.Kind != message.Length {
			a.buf = a.buf[:len(a.buf)-frameRoom]
		}
		if len(rest) > len(a.buf) {
			a.buf = make([]byte, 2*len(rest))
		}
		a.r, a.u = 0, copy(a.buf, rest)
	} else if a.r > 0 {
		a.r, a.u = 0, copy(a.buf, a.buf[a.r:a.u])
	}
	if a.u == len(a.buf) {
		bigger := make([]byte, 2*len(a.buf))
		copy(bigger, a.buf[:a.u])
		a.buf = bigger
	}
}

// patience returns the longest wait for the backend's next bytes.
func (a *attempt) patience() time.Duration {
	if a.pinging {
		return a.w.Ping
	}
	return a.timeout()
}

// await reads input once: into buf, or spliced to the client. The wait counts
// from the last progress, which while a body is being sent is the sending, and
// does not include time in which the client is waited for.
func (a *attempt) await(splice bool) error {
	began, most := a.loop.Now(), a.patience()
	for now, left := began, most; ; {
		until := now.Add(min(left, clientCheck))
		if !a.by.IsZero() && a.by.Before(until) {
			until = a.by
		}
		_ = a.conn.SetReadDeadline(until)
		if a.upload.clientFault() != nil {
			return os.ErrDeadlineExceeded
		}
		n, err := a.take(splice, until)
		if n > 0 && a.seen == 0 {
			a.record.FirstByte = a.loop.Now().Sub(a.record.Began)
		}
		a.seen += n
		a.x.Count.Received += n
		switch {
		case err == nil || !silent(err):
			return err
		}
		now = a.loop.Now()
		left = most - now.Sub(a.upload.waitSince(began, now))
		if (left <= 0 || !a.by.IsZero() && !now.Before(a.by)) && a.upload.clientFault() == nil {
			return err
		}
		if a.clientBroken() {
			return errClient{syscall.ECONNRESET}
		}
	}
}

// take is one attempt to get input before until.
func (a *attempt) take(splice bool, until time.Time) (int64, error) {
	if splice {
		return a.move(until)
	}
	n, err := a.conn.Read(a.buf[a.u:])
	a.u += n
	if n > 0 {
		err = nil
	}
	return int64(n), err
}

// silent reports that nothing came in time, which may just mean that it is time
// to check the client.
func silent(err error) bool {
	_, client := err.(errClient) //nolint:errorlint // move makes it
	return !client && errors.Is(err, os.ErrDeadlineExceeded)
}

// clientCheck is how often the client is checked while the backend is waited
// for: a client that has cut the connection needs no response.
const clientCheck = 2 * time.Second

func (a *attempt) clientBroken() bool {
	if a.x.Client == nil {
		return false
	}
	b, ok := a.x.Client.Conn.(reactor.Breaker)
	return ok && b.Broken()
}

// interim relays a 1xx response or drops it.
func (a *attempt) interim(r *message.Response) *fault.Fault {
	if a.interims++; a.interims > maxInterims {
		f := a.malformed(errors.New("more than " + strconv.Itoa(maxInterims) + " interim responses"))
		f.Reason = fault.NoAnswer
		return f
	}
	relay := true
	switch a.x.Out.Interim {
	case exchange.InterimSuppress:
		relay = false
	case exchange.InterimDefault:
		relay = r.Status != 100 || a.x.Out.Expect
	}
	if !relay {
		return nil
	}
	if err := a.x.Front.WriteInterim(r); err != nil {
		return a.clientGone(err)
	}
	return nil
}
