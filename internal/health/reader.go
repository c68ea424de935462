package health

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/wire"
)

// maxBody is how much of a body is read: enough for what a condition may look at.
const maxBody = 1 << 20

// reader reads the response to a check.
type reader struct {
	conn  io.Reader
	check *Check

	head, more *reactor.Buffer
	in         []byte // bytes that arrived and are not used yet
	reply      reply
}

func (r *reader) begin(l reactor.Loop) {
	r.head, r.more = l.Buffer(), l.Buffer()
	r.reply.method, r.reply.target, r.reply.now = r.check.method.verb, r.check.target, l.Now()
}

// end returns the buffers: the reply must not be used any more.
func (r *reader) end(l reactor.Loop) {
	l.Return(r.head)
	l.Return(r.more)
}

var (
	errLongHead = errors.New("the head of the response is longer than 16 KiB")
	errCutHead  = errors.New("the connection ended before the head of a response")
	errCutBody  = errors.New("the connection ended within the body")
)

// read reads a head, after those of interim responses, and the body.
func (r *reader) read() error {
	buf, n := r.head.Bytes, 0
	for {
		size, err := r.readHead(buf, &n)
		if err != nil {
			return err
		}
		if s := r.reply.head.Status; s < 200 && s != 101 {
			n = copy(buf, buf[size:n])
			continue
		}
		r.in = r.more.Bytes[:copy(r.more.Bytes, buf[size:n])]
		break
	}
	framing, err := wire.FrameResponse(&r.reply.head, message.MethodOf([]byte(r.check.method.verb)))
	if err != nil {
		return fmt.Errorf("the response is malformed: %w", err)
	}
	return r.readBody(framing)
}

// readHead reads until buf, of which n bytes are filled, begins with a head, and
// returns its size.
func (r *reader) readHead(buf []byte, n *int) (size int, err error) {
	limits := wire.NewResponseLimits(0)
	var scan wire.HeadScan
	for {
		if *n > 0 {
			if size, err = scan.Response(buf[:*n], &limits); err == nil && size > 0 {
				err = wire.ParseResponse(buf[:size], &r.reply.head, &limits)
			}
			if err != nil {
				return 0, fmt.Errorf("the response is malformed: %w", err)
			}
			if size > 0 {
				return size, nil
			}
		}
		if *n == len(buf) {
			return 0, errLongHead
		}
		m, err := r.conn.Read(buf[*n:])
		*n += m
		if m == 0 && err != nil {
			if errors.Is(err, io.EOF) {
				err = errCutHead
			}
			return 0, err
		}
	}
}

// readBody reads the body, at most maxBody bytes of it.
func (r *reader) readBody(f message.Framing) error {
	switch f.Kind {
	case message.Length:
		return r.plain(f.Length)
	case message.Chunked:
		return r.chunked()
	case message.UntilClose:
		err := r.plain(maxBody)
		if errors.Is(err, errCutBody) {
			return nil
		}
		return err
	}
	return nil
}

// plain reads n bytes.
func (r *reader) plain(n int64) error {
	for n = min(n, maxBody); ; {
		piece := r.in[:min(int64(len(r.in)), n)]
		r.reply.body = append(r.reply.body, piece...)
		if n -= int64(len(piece)); n == 0 {
			return nil
		}
		r.in = nil
		if err := r.fill(); err != nil {
			return err
		}
	}
}

// chunked reads a chunked body.
func (r *reader) chunked() error {
	limits := wire.NewResponseLimits(0)
	var c wire.Chunks
	c.ResetResponse(nil, &limits.Limits)
	for !c.Done() && len(r.reply.body) < maxBody {
		n, data, err := c.Next(r.in)
		if err != nil {
			return fmt.Errorf("the body is malformed: %w", err)
		}
		r.in = r.in[n:]
		r.reply.body = append(r.reply.body, data...)
		if n > 0 || c.Done() {
			continue
		}
		if err := r.fill(); err != nil {
			return err
		}
	}
	return nil
}

// fill reads more behind what is not used yet.
func (r *reader) fill() error {
	buf := r.more.Bytes
	kept := copy(buf, r.in)
	if kept == len(buf) {
		return errors.New("the trailer section is longer than 16 KiB")
	}
	n, err := r.conn.Read(buf[kept:])
	r.in = buf[:kept+n]
	if n > 0 || err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) {
		return errCutBody
	}
	return err
}

// explain says what went wrong, for people.
func explain(err error, timeout time.Duration) string {
	var f *fault.Fault
	if errors.As(err, &f) {
		return explainFault(f, timeout)
	}
	var timed interface{ Timeout() bool }
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timed) && timed.Timeout() {
		return fmt.Sprintf("no response within %v", timeout)
	}
	return plainText(err)
}

// explainFault is explain for a connection that was not opened.
func explainFault(f *fault.Fault, timeout time.Duration) string {
	what := "no connection to "
	if f.Phase == fault.Handshake {
		what = "no TLS with "
	}
	if f.Kind == fault.Timeout {
		return fmt.Sprintf("%s%s within %v", what, f.Addr, timeout)
	}
	out := f.Detail
	switch {
	case f.Phase == fault.Handshake && out != "":
		out = what + f.Addr + ": " + out
	case f.Addr != "":
		out = what + f.Addr
	}
	if f.Err != nil {
		out += ": " + f.Err.Error()
	}
	return out
}

// plainText is the text of an error of a connection, without its addresses.
func plainText(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return errno.Error()
	}
	return err.Error()
}
