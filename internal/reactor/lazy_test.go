package reactor_test

import (
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// lazy is a listener that creates its socket at first use.
type lazy struct {
	net.Listener
	lacks error // why it cannot
	made  bool
}

func (l *lazy) SetDeadline(t time.Time) error {
	l.made = l.lacks == nil
	return l.lacks
}

func (l *lazy) Accept() (net.Conn, error) { return nil, net.ErrClosed }

// An error of a listener is returned to the caller of Serve, not met by the
// accepting goroutine, and its socket exists by then.
func TestGoroutineServesWhatIsThere(t *testing.T) {
	for _, lacks := range []error{nil, os.ErrNoDeadline, os.ErrPermission} {
		e := reactor.NewGoroutine(reactor.Hooks{})
		l := &lazy{lacks: lacks}
		err := e.Serve(l, &echo{t: t})
		if refused := lacks == os.ErrPermission; refused != errors.Is(err, os.ErrPermission) || !refused && err != nil {
			t.Errorf("%v: %v", lacks, err)
		}
		if l.made != (lacks == nil) {
			t.Errorf("%v: made %v", lacks, l.made)
		}
		e.Drain(nil)
	}
}
