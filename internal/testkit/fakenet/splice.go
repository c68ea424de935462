package fakenet

import (
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

var _ reactor.Splicer = (*End)(nil)

// pipeSize is the most that one SpliceTo moves.
const pipeSize = 64 << 10

// SpliceTo implements reactor.Splicer, where Net.Splice is set. Like a pipe it
// loses the bytes it holds when the other side fails.
func (e *End) SpliceTo(dst reactor.Conn, most int64) (moved int64, waited time.Duration, read, write error) {
	n := e.net
	n.mu.Lock()
	defer n.mu.Unlock()
	to, ok := dst.(*End)
	if !ok || !n.Splice {
		return 0, 0, reactor.ErrNoSplice, nil
	}
	if n.failLocked("splice from") {
		e.resetLocked()
		return 0, 0, syscall.ECONNRESET, nil
	}
	began := time.Now()
	err := e.readableLocked()
	waited = time.Since(began)
	if err != nil {
		return 0, waited, err, nil
	}
	size := min(most, pipeSize)
	if n.Piece > 0 {
		size = min(size, int64(n.Piece))
	}
	p := make([]byte, min(size, int64(len(e.in.buf))))
	e.takeLocked(p)
	if n.failLocked("splice to") {
		to.resetLocked()
		return 0, waited, nil, syscall.EPIPE
	}
	m, write := to.putLocked(p)
	n.moved += int64(m)
	return int64(m), waited, nil, write
}
