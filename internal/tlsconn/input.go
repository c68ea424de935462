package tlsconn

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// input is what a transport has read ahead of crypto/tls. It passes on no more
// than one record at a time, so that crypto/tls itself never reads ahead: what is
// left is known here, and an idle connection needs no buffer.
type input struct {
	lent *reactor.Buffer // nil: nothing is read ahead
	r, w int             // what is left is lent.Bytes[r:w]
	left int             // bytes of the current record that are still to be passed on

	round int64 // the loop's time when the last record began
	begun int32 // records begun at that time
	ended bool  // the connection below has ended
}

// recordHead is the length of a record's head: its type, version and length.
const recordHead = 5

// ahead returns the bytes read ahead.
func (in *input) ahead() []byte {
	if in.lent == nil {
		return nil
	}
	return in.lent.Bytes[in.r:in.w]
}

// read reads part of a record.
func (in *input) read(c reactor.Conn, p []byte) (int, error) {
	for in.left == 0 {
		have := in.ahead()
		if len(have) >= recordHead {
			in.left = recordHead + int(have[3])<<8 + int(have[4])
			in.takeTurns(c.Loop())
			break
		}
		if err := in.fill(c); err != nil {
			if len(have) == 0 || errors.Is(err, os.ErrDeadlineExceeded) {
				return 0, err
			}
			in.left = len(have) // crypto/tls finds that its head is cut
		}
	}
	if in.r == in.w {
		if err := in.fill(c); err != nil {
			return 0, err
		}
	}
	n := copy(p[:min(len(p), in.left)], in.ahead())
	in.left -= n
	in.skip(n)
	return n, nil
}

// A turn of the loop ends for a reader after mostRecords. Reading ahead returns many records
// without a wait, and some cost much more than their bytes: a key update takes 50 us.
const (
	mostRecords = 64
	pause       = time.Millisecond
)

// takeTurns lets others have the loop after many records in one round.
func (in *input) takeTurns(l reactor.Loop) {
	if now := l.Now().UnixNano(); now != in.round {
		in.round, in.begun = now, 0
	}
	if in.begun++; in.begun > mostRecords {
		l.Sleep(pause)
	}
}

// fill reads once more from the connection. It takes a buffer when there is none.
func (in *input) fill(c reactor.Conn) error {
	if in.lent == nil {
		in.lent = c.Loop().Buffer()
		in.r, in.w = 0, 0
	}
	if in.r > 0 {
		in.w = copy(in.lent.Bytes, in.lent.Bytes[in.r:in.w])
		in.r = 0
	}
	n, err := c.Read(in.lent.Bytes[in.w:])
	in.w += n
	switch {
	case n > 0:
		return nil
	case err == nil:
		err = io.ErrNoProgress
	case err == io.EOF:
		in.ended = true
	}
	if in.r == in.w {
		in.drop(c.Loop())
	}
	return err
}

// skip takes n bytes out. The buffer stays until drop: more of a record may come.
func (in *input) skip(n int) { in.r += n }

// shed returns a buffer that holds nothing.
func (in *input) shed(l reactor.Loop) {
	if in.r == in.w {
		in.drop(l)
	}
}

// drop returns the buffer and what it holds.
func (in *input) drop(l reactor.Loop) {
	l.Return(in.lent)
	in.lent, in.r, in.w = nil, 0, 0
}

// peek waits for the first n bytes, at most recordHead, without taking them.
func (in *input) peek(c reactor.Conn, n int) ([]byte, error) {
	for len(in.ahead()) < n {
		if err := in.fill(c); err != nil {
			return nil, err
		}
	}
	return in.ahead()[:n], nil
}
