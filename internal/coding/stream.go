package coding

import (
	"context"
	"errors"
	"io"
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/reactor"
)

// Encoder is an encoder of one coding at one level, which can be used again.
type Encoder interface {
	io.Writer
	Flush() error
	Close() error
	Reset(w io.Writer)
}

const (
	block = 64 << 10 // bytes that are gathered before they are encoded
	// longest is how long an encoder may keep a loop.
	longest = 400 * time.Microsecond
	idle    = 32 // encoders that a pool keeps; each has about 1 MiB
)

// Pool lends encoders of one kind.
type Pool struct {
	make   func() (Encoder, error)
	onLoop int // bytes that may be encoded on a loop

	mu   lock.Mutex
	free []*stream
}

// NewPool returns a pool of the encoders that make returns, which take so much time
// for a byte.
func NewPool(perByte time.Duration, make func() (Encoder, error)) *Pool {
	return &Pool{make: make, onLoop: OnLoop(perByte)}
}

// OnLoop is how many bytes may be encoded on a loop at a time, if each takes so long.
func OnLoop(perByte time.Duration) int { return min(int(longest/max(perByte, 1)), block) }

// stream is the state of one response: an encoder with its input and output.
type stream struct {
	enc     Encoder
	in      []byte // gathered, at most block
	out     output // encoded
	op      exchange.Op
	written int64 // bytes that went in, and came out
	sent    int64
	begun   bool // the encoder is ready for this response
	stale   bool // it was written to since it was flushed
	lost    bool // a job may still use it
}

// output collects what an encoder writes.
type output struct{ b []byte }

func (o *output) Write(p []byte) (int, error) {
	o.b = append(o.b, p...)
	return len(p), nil
}

func (p *Pool) get() *stream {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		s := p.free[n-1]
		p.free = p.free[:n-1]
		return s
	}
	return new(stream)
}

// put takes a stream back, unless there are enough.
func (p *Pool) put(s *stream) {
	if s.lost || s.enc == nil {
		return
	}
	if cap(s.out.b) > 2*block {
		s.out.b = nil
	}
	*s = stream{enc: s.enc, in: s.in[:0], out: output{s.out.b[:0]}}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) < idle {
		p.free = append(p.free, s)
	}
}

// Body implements exchange.Filter.
func (f *Filter) Body(x *exchange.Exchange, slot *exchange.Slot, p []byte, op exchange.Op, next exchange.Sink) error {
	s := slot.State.(*stream)
	for len(s.in)+len(p) > block {
		n := block - len(s.in)
		s.in = append(s.in, p[:n]...)
		p = p[n:]
		if err := f.encode(x, s, exchange.More, next); err != nil {
			return err
		}
	}
	if s.in == nil && len(p) > 0 {
		s.in = make([]byte, 0, min(block, max(len(p), 4096)))
	}
	s.in = append(s.in, p...)
	if op == exchange.More {
		return nil
	}
	return f.encode(x, s, op, next)
}

// encode encodes what was gathered and passes it on.
func (f *Filter) encode(x *exchange.Exchange, s *stream, op exchange.Op, next exchange.Sink) error {
	if op == exchange.Flush && len(s.in) == 0 && !s.stale {
		return next.Write(x, nil, op)
	}
	s.op = op
	if err := f.run(x, s); err != nil {
		x.Logf(logsink.Error, f.Module, "", "%s: encoding failed: %v", f.Name, err)
		return err
	}
	s.sent += int64(len(s.out.b))
	if op == exchange.End {
		f.note(x, s)
	}
	if len(s.out.b) == 0 && op == exchange.More {
		return nil
	}
	err := next.Write(x, s.out.b, op)
	s.out.b = s.out.b[:0]
	return err
}

// run has s do its work: on the loop if that is short, which ends with a pause for
// the others if it was not very short.
func (f *Filter) run(x *exchange.Exchange, s *stream) error {
	n := len(s.in)
	if n > f.Pool.onLoop {
		_, err := reactor.Await(context.Background(), x.Loop, reactor.Computing, work{f.Pool, s}, encodeJob)
		if !errors.Is(err, reactor.ErrBusy) {
			s.lost = err != nil
			return err
		}
	}
	err := s.work(f.Pool)
	if n > f.Pool.onLoop/2 {
		x.Loop.Yield()
	}
	return err
}

// work is a stream for a worker. While it works nobody else touches the stream.
type work struct {
	pool *Pool
	s    *stream
}

func encodeJob(_ context.Context, w work) (struct{}, error) { return struct{}{}, w.s.work(w.pool) }

// work encodes the input.
func (s *stream) work(p *Pool) (err error) {
	if !s.begun {
		if s.enc == nil {
			if s.enc, err = p.make(); err != nil {
				return err
			}
		}
		s.enc.Reset(&s.out)
		s.begun = true
	}
	if len(s.in) > 0 {
		s.written += int64(len(s.in))
		if _, err = s.enc.Write(s.in); err != nil {
			return err
		}
		s.in, s.stale = s.in[:0], true
	}
	switch s.op {
	case exchange.Flush:
		s.stale = false
		return s.enc.Flush()
	case exchange.End:
		s.stale = false // a flush may follow
		return s.enc.Close()
	}
	return nil
}

// note leaves the notes of a complete response.
func (f *Filter) note(x *exchange.Exchange, s *stream) {
	out := s.sent - f.Frame
	if f.Log != "" && x.Logs(logsink.Debug, f.Module) {
		x.Logf(logsink.Debug, f.Module, f.Log, "Zlib: Compressed %d to %d : URL %s", s.written, out, x.Path)
	}
	set := func(name string, n int64, none bool) {
		switch {
		case name == "":
		case none:
			x.Notes.Set(name, []byte{'-'})
		default:
			x.Notes.Set(name, strconv.AppendInt(x.Arena.Alloc(20), n, 10))
		}
	}
	none := s.written == 0
	set(f.Notes.Input, s.written, none && f.Frame > 0)
	set(f.Notes.Output, out, none && f.Frame > 0)
	set(f.Notes.Ratio, out*100/max(s.written, 1), none)
}

// Done implements exchange.Filter.
func (f *Filter) Done(x *exchange.Exchange, slot *exchange.Slot) {
	if s, ok := slot.State.(*stream); ok {
		if s.begun && !s.lost && x.Site.Meter != nil {
			x.Site.Meter.Book().CodedWith(f.Name).Count(s.written, s.sent)
		}
		f.Pool.put(s)
	}
}

// Pools are pools by the settings of their encoders.
type Pools[K comparable] struct {
	make func(K) *Pool
	mu   lock.Mutex
	by   map[K]*Pool
}

// NewPools returns pools that make makes when they are first needed.
func NewPools[K comparable](make func(K) *Pool) *Pools[K] {
	return &Pools[K]{make: make, by: map[K]*Pool{}}
}

// Of returns the pool of some settings.
func (p *Pools[K]) Of(k K) *Pool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.by[k] == nil {
		p.by[k] = p.make(k)
	}
	return p.by[k]
}
