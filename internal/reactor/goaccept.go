package reactor

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// goAccept accepts from one listener of the portable engine.
type goAccept struct {
	engine  *Goroutine
	l       net.Listener
	h       Handler
	leaving atomic.Bool
	told    time.Time     // when a pause of accepting was last reported
	done    chan struct{} // closed when it no longer accepts
}

// Serve implements Engine.
func (e *Goroutine) Serve(l net.Listener, h Handler) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.draining {
		return ErrDraining
	}
	// A listener may create its socket at first use. The caller of Serve gets
	// an error of that, and the socket exists when Serve returns.
	if d, ok := l.(interface{ SetDeadline(t time.Time) error }); ok {
		if err := d.SetDeadline(time.Time{}); err != nil && !errors.Is(err, os.ErrNoDeadline) {
			return err
		}
	}
	a := &goAccept{engine: e, l: l, h: h, done: make(chan struct{})}
	e.accepts[l] = a
	go a.run()
	return nil
}

// Leave implements Engine.
func (e *Goroutine) Leave(l net.Listener) {
	e.mu.Lock()
	a := e.accepts[l]
	delete(e.accepts, l)
	e.mu.Unlock()
	if a == nil {
		return
	}
	a.leaving.Store(true)
	if d, ok := l.(interface{ SetDeadline(t time.Time) error }); ok {
		_ = d.SetDeadline(past) // wakes Accept
	} else {
		_ = l.Close()
	}
	<-a.done
	if d, ok := l.(Descriptors); ok {
		for _, fd := range d.FDs() {
			for a.takeNow(fd) {
			}
		}
	}
}

// fullPause is how long accepting pauses while there is too much to do,
// starvedPause when descriptors or memory ran out: neither spins, and no client
// is refused.
const (
	fullPause    = 10 * time.Millisecond
	starvedPause = 50 * time.Millisecond
	starvedAgain = 10 * time.Second // between two reports of the same listener
)

// run accepts until the listener is left.
func (a *goAccept) run() {
	defer close(a.done)
	for !a.leaving.Load() {
		if a.h.Full() {
			time.Sleep(fullPause)
			continue
		}
		nc, err := a.l.Accept()
		switch {
		case err == nil:
			a.take(nc)
		case errors.Is(err, net.ErrClosed):
			return
		case a.leaving.Load():
		default:
			a.starve(err)
		}
	}
}

// starve pauses for lack of descriptors or memory.
func (a *goAccept) starve(why error) {
	if now := time.Now(); a.told.IsZero() || now.Sub(a.told) > starvedAgain {
		a.told = now
		a.engine.hooks.starved(why)
	}
	time.Sleep(starvedPause)
}

// take starts the session of a connection.
func (a *goAccept) take(nc net.Conn) {
	c, err := newGoConn(nc, &a.engine.loop)
	if err != nil || !a.engine.add(c) {
		_ = nc.Close()
		return
	}
	go a.engine.serve(c, a.h)
}

// takeNow accepts one waiting connection; false when there is none. One that
// cannot be used, because its peer is gone or descriptors ran out, is dropped.
func (a *goAccept) takeNow(fd int) bool {
	n, _, err := unix.Accept(fd)
	switch err { //nolint:errorlint // a bare errno
	case nil:
	case unix.EINTR, unix.ECONNABORTED:
		return true
	default:
		return false
	}
	unix.CloseOnExec(n)
	f := os.NewFile(uintptr(n), "connection")
	c, err := net.FileConn(f)
	_ = f.Close()
	if err == nil {
		a.take(c)
	}
	return true
}
