package reactor

import (
	"context"
	"sync/atomic"
	"time"
)

// block yields to the loop until the running coroutine is woken. It may be
// woken without a reason: callers check again.
func (l *eloop) block() {
	co := l.running()
	if l.thread != nil {
		l.mustHoldNone()
	}
	co.yield(struct{}{})
}

// mustHoldNone panics when the running coroutine holds a lock: another coroutine
// that wants it would stop the loop for ever.
func (l *eloop) mustHoldNone() {
	if at := l.thread.Held(); at != "" {
		l.thread.Forget()
		panic("reactor: a coroutine yields while it holds a lock, taken at " + at)
	}
}

// running returns the running coroutine. A blocking call outside of one, as in
// Open or OnReadable, would stop the loop: it panics.
func (l *eloop) running() *coro {
	if l.cur == nil {
		panic("reactor: a call that blocks outside of a coroutine")
	}
	return l.cur
}

// spend counts n bytes of an operation that did not have to wait. A coroutine that moves
// many bytes in a row, as in a large body, yields to others.
func (l *eloop) spend(n int) {
	co := l.running()
	if co.streak += int32(min(max(n, leastSpend), maxStreak)); co.streak < maxStreak {
		return
	}
	l.Yield()
}

// Yield implements Loop.
func (l *eloop) Yield() {
	l.wake(l.running())
	l.block()
}

// A coroutine's turn ends after so many bytes read and written, which take some
// 0.1 ms: everything else of the loop waits meanwhile. A call counts as
// leastSpend bytes at least, and spliceFactor spliced bytes count as one,
// because that many are moved in about the same time.
const (
	maxStreak    = 64 << 10
	leastSpend   = 2 << 10
	spliceFactor = 8
)

// Sleep implements Loop.
func (l *eloop) Sleep(d time.Duration) {
	if d <= 0 {
		return
	}
	end := l.now + int64(d)
	for l.now < end {
		l.blockUntil(end)
	}
}

// blockUntil is block with a latest time; 0 is none.
func (l *eloop) blockUntil(end int64) {
	co := l.running()
	co.until = end
	l.sleepers.touch(co)
	l.block()
	co.until = 0
}

// Offload implements Loop.
func (l *eloop) Offload(ctx context.Context, w Work, j Job) error {
	return l.engine.pool.offload(ctx, l, w, j)
}

// Life implements Loop.
func (l *eloop) Life() context.Context { return l.engine.life }

// Go implements Loop.
func (l *eloop) Go(r Runner) Task {
	co := l.takeCoro()
	co.runner = r
	l.wake(co)
	return co
}

// eparker is a Parker of a loop.
type eparker struct {
	loop *eloop
	told atomic.Bool
	co   *coro // the waiting coroutine; only the loop uses it
}

// NewParker implements Loop.
func (l *eloop) NewParker() Parker { return &eparker{loop: l} }

// Unpark implements Parker.
func (p *eparker) Unpark(from Loop) {
	l := p.loop
	switch {
	case p.told.Swap(true):
	case from != Loop(l):
		l.post(mail{parker: p})
	default:
		if l.thread != nil && !l.thread.Here() {
			panic("reactor: Unpark from a loop that the caller does not run on")
		}
		if p.co != nil {
			l.wake(p.co)
		}
	}
}

// Park implements Parker.
func (p *eparker) Park(deadline time.Time) bool {
	l := p.loop
	end := l.moment(deadline)
	p.co = l.running()
	defer func() { p.co = nil }()
	for !p.told.Swap(false) {
		if end != 0 && end <= l.now {
			return false
		}
		l.blockUntil(end)
	}
	return true
}
