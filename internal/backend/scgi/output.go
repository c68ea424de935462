package scgi

import (
	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/backend/cgi"
	"github.com/headgate/headgate/internal/exchange"
)

// output reads what a program prints up to the end of its connection: a head, then
// the body. The zero value is not ready: reset makes it so.
type output struct {
	x       *exchange.Exchange
	head    cgi.Head
	headed  bool
	silent  bool  // the body is not passed on
	dropped int   // bytes of such a body
	left    int64 // bytes that are missing of a length that is trusted; -1: any number may come
}

// reset prepares for a response to x whose lines may have size bytes
// (responsefieldsize=; 0: the default).
func (o *output) reset(x *exchange.Exchange, size int) {
	*o = output{x: x, head: o.head, left: -1}
	o.head.Reset(size)
}

// failure is why a body is malformed.
type failure string

func (f failure) Error() string { return string(f) }

const (
	errLength = failure("the body is longer than its Content-Length")
	errShort  = failure("the connection ended within the body")
)

// Read implements attempt.Codec. A head without a body to pass on waits for the end
// of the output, because a program that loses its connection may be ended in the
// middle of its work.
func (o *output) Read(b []byte, eof bool) (n int, e attempt.Event, err error) {
	if !o.headed {
		if n, e, err = o.readHead(b); err != nil || !o.silent {
			return n, e, err
		}
	}
	if o.silent {
		o.dropped += len(b) - n
	}
	switch {
	case o.silent && (eof || o.dropped > cgi.MaxDropped):
		return len(b), attempt.Event{Kind: attempt.Headed, Last: true}, nil
	case o.silent:
		return len(b), e, nil
	case len(b) > 0:
		if o.left >= 0 {
			if int64(len(b)) > o.left {
				return 0, e, errLength
			}
			o.left -= int64(len(b))
		}
		return len(b), attempt.Event{Kind: attempt.Data, Data: b}, nil
	case eof && o.left > 0:
		return 0, e, errShort
	case eof:
		return 0, attempt.Event{Kind: attempt.End}, nil
	}
	return 0, e, nil
}

func (o *output) readHead(b []byte) (n int, e attempt.Event, err error) {
	n, whole, err := o.head.Add(b)
	if err != nil {
		return n, e, err
	}
	if !whole {
		if o.head.Begun() {
			e.Progress = attempt.Begun
		}
		return n, e, nil
	}
	length, none, err := o.head.Parse(o.x)
	if err != nil {
		return n, e, err
	}
	if o.headed, o.silent = true, none; !none {
		o.left = length
		e.Kind, e.N = attempt.Headed, length
	}
	return n, e, nil
}

// Splice implements attempt.Codec.
func (o *output) Splice(int64) int64 {
	if o.headed && !o.silent && o.left < 0 {
		return -1
	}
	return 0
}
