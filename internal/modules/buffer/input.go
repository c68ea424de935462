package buffer

import (
	"slices"
	"sync"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// firstRead is how much a buffer has room for at first: it grows as bytes come.
const firstRead = 8 << 10

// input is the filter of request bodies, for one combination of sections.
type input struct {
	size int
	free sync.Pool // *filling
}

// filling is the state of one request body: it is filled up to the size of the
// buffer or the end of the body, and then emptied.
type filling struct {
	bytes []byte
	at    int   // bytes before it are delivered
	full  bool  // it is being emptied
	err   error // follows the bytes
}

// Begin implements exchange.InputFilter.
func (f *input) Begin(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	body := &x.Req.Body
	if x.Redirected != nil || x.Main != nil || body.Kind == message.NoBody || body.Kind == message.Length && body.Length == 0 {
		return exchange.Declines, nil
	}
	b, ok := f.free.Get().(*filling)
	if !ok {
		b = new(filling)
	}
	s.State = b
	return exchange.Observes, nil
}

// Read implements exchange.InputFilter. httpd: buffer_in_filter.
func (f *input) Read(x *exchange.Exchange, s *exchange.Slot, p []byte, wait bool, from exchange.Source) (int, error) {
	b := s.State.(*filling)
	for !b.full {
		n, err := from.Read(x, b.room(f.size), wait)
		b.bytes = b.bytes[:len(b.bytes)+n]
		if n == 0 && err == nil {
			return 0, nil // what was gathered waits for the rest
		}
		b.err = err
		b.full = err != nil || len(b.bytes) == f.size
	}
	n := copy(p, b.bytes[b.at:])
	b.at += n
	switch {
	case n == 0 && b.err != nil:
		return 0, b.err
	case b.at == len(b.bytes) && b.err == nil:
		b.bytes, b.at, b.full = b.bytes[:0], 0, false
	}
	return n, nil
}

// room returns what may be filled of the buffer next.
func (b *filling) room(size int) []byte {
	if len(b.bytes) == cap(b.bytes) {
		b.bytes = slices.Grow(b.bytes, min(firstRead, size-len(b.bytes)))
	}
	return b.bytes[len(b.bytes):min(cap(b.bytes), size)]
}

// Done implements exchange.InputFilter.
func (f *input) Done(_ *exchange.Exchange, s *exchange.Slot) {
	b := s.State.(*filling)
	if cap(b.bytes) > mostKept {
		return
	}
	*b = filling{bytes: b.bytes[:0]}
	f.free.Put(b)
}
