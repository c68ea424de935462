package reactor

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// Work says what a job that runs off the loops spends its time with. Each kind
// has its own workers, so that a disk that hangs does not stop name look-ups.
type Work uint8

// The kinds of work.
const (
	Files     Work = iota // reads or writes files
	Lookups               // asks another host: names, directories, tokens
	Computing             // uses the processor: private keys, compression
	Inquiries             // asks OCSP responders, which clients may choose
	workKinds
)

// Await runs f(ctx, in) off the loop l and returns what f returns; other
// coroutines of the loop run meanwhile. Use it for anything that may take long
// and is not input or output of a Conn.
//
// If ctx ends first, Await returns its error, and f's result is dropped when it
// arrives: f may then still run, with a ctx that has ended. f must therefore own
// all that it touches. It is a named function, not a literal that captures
// variables, and in holds no borrowed memory: strings are copied, and it holds no
// bytes of a request, a buffer or an arena. Other errors are ErrBusy, and
// ErrDraining when the engine cuts what is left. A panic of f is raised again in
// the caller.
func Await[In, Out any](ctx context.Context, l Loop, w Work, in In, f func(ctx context.Context, in In) (Out, error)) (Out, error) {
	if lock.Checked() {
		mustOwn(reflect.TypeFor[In]())
	}
	j := &job[In, Out]{in: in, f: f}
	if err := l.Offload(ctx, w, j); err != nil {
		var none Out
		return none, err
	}
	return j.out, j.err
}

// job is a call of Await. It belongs to the pool from Offload on, and to the
// caller again only if Offload returned nil.
type job[In, Out any] struct {
	in  In
	f   func(context.Context, In) (Out, error)
	out Out
	err error
}

// Do implements Job.
func (j *job[In, Out]) Do(ctx context.Context) { j.out, j.err = j.f(ctx, j.in) }

// mustOwn panics when a job has a slice of bytes as input, which may be
// borrowed.
func mustOwn(t reflect.Type) {
	switch {
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		panic(fmt.Sprintf("reactor: Await is given %v: bytes may be borrowed, a string is not", t))
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			mustOwn(t.Field(i).Type)
		}
	}
}

// Pause is Sleep that returns ctx's error as soon as ctx ends.
func Pause(ctx context.Context, l Loop, d time.Duration) error {
	if ctx.Err() == nil && d > 0 {
		p := l.NewParker()
		stop := context.AfterFunc(ctx, func() { p.Unpark(nil) })
		p.Park(l.Now().Add(d))
		stop()
	}
	return ctx.Err()
}
