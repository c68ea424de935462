package reactor

import (
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// hungry is a listener for which there are no descriptors.
type hungry struct{ closed chan struct{} }

func (l *hungry) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	default:
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: syscall.EMFILE}
	}
}

func (l *hungry) Close() error   { close(l.closed); return nil }
func (l *hungry) Addr() net.Addr { return &net.TCPAddr{} }

type noHandler struct{ Handler }

func (noHandler) Full() bool { return false }

// A pause of accepting for lack of descriptors is reported when it begins, and
// again every ten seconds, not for each attempt.
func TestStarvedIsToldSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan error, 1000)
		e := NewGoroutine(Hooks{Starved: func(err error) { told <- err }})
		l := &hungry{closed: make(chan struct{})}
		if err := e.Serve(l, noHandler{}); err != nil {
			t.Fatal(err)
		}
		<-time.After(39 * time.Second)
		if n := len(told); n < 1 || n > 4 {
			t.Errorf("told %d times in 39 seconds", n)
		}
		e.Leave(l)
		stop := make(chan struct{})
		close(stop)
		e.Drain(stop)
	})
}
