package reactor

import (
	"io"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// pipe is a pipe that spliced bytes pass through. It is empty while it is free.
type pipe struct {
	r, w int
	size int64
}

// pipeSize is the requested size of a pipe; the system may allow less. A larger
// pipe needs fewer calls for a body.
const pipeSize = 1 << 20

// mostPipes is the largest number of pipes of a loop. If descriptors are short
// it makes none. Only a peer that reads slowly keeps one for long; a body
// without a pipe is copied.
const mostPipes = 256

// takePipe returns a free pipe or a new one; nil when none can be made.
func (l *eloop) takePipe() *pipe {
	if n := len(l.pipes); n > 0 {
		p := l.pipes[n-1]
		l.pipes = l.pipes[:n-1]
		return p
	}
	var fds [2]int
	if l.piped >= mostPipes || l.engine.crowded() || unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK) != nil {
		return nil
	}
	l.piped++
	l.engine.open.Add(2)
	p := &pipe{r: fds[0], w: fds[1], size: 64 << 10}
	if n, err := unix.FcntlInt(uintptr(p.w), unix.F_SETPIPE_SZ, pipeSize); err == nil {
		p.size = int64(n)
	}
	return p
}

// freePipes is how many pipes are kept.
const freePipes = 16

// freePipe returns a pipe to the free list. One that holds bytes is closed.
func (l *eloop) freePipe(p *pipe, empty bool) {
	if !empty || len(l.pipes) >= freePipes || l.engine.crowded() {
		l.closePipe(p)
		return
	}
	l.pipes = append(l.pipes, p)
}

func (l *eloop) closePipe(p *pipe) {
	l.piped--
	sysClose(p.r)
	sysClose(p.w)
	l.engine.open.Add(-2)
}

// dropPipes closes the free pipes.
func (l *eloop) dropPipes() {
	for _, p := range l.pipes {
		l.closePipe(p)
	}
	l.pipes = nil
}

// SpliceTo implements Splicer.
func (c *econn) SpliceTo(dst Conn, n int64) (moved int64, waited time.Duration, read, write error) {
	to, ok := dst.(*econn)
	if !ok || to.loop != c.loop || n <= 0 || c.hasEarly() {
		return 0, 0, ErrNoSplice, nil
	}
	began := c.loop.time
	p, held, read := c.spliceIn(n)
	waited = c.loop.time.Sub(began)
	for moved < held && write == nil {
		var m int64
		m, write = to.spliceOut(p, held-moved)
		moved += m
	}
	if p != nil {
		c.loop.freePipe(p, moved == held)
	}
	if moved > 0 {
		c.loop.spend(int(moved) / spliceFactor) // without a pipe in use
	}
	return moved, waited, read, write
}

// spliceIn waits for input and moves it into a pipe. It holds no pipe while it
// waits, so that slow bodies cost no descriptors.
func (c *econn) spliceIn(n int64) (p *pipe, held int64, err error) {
	for {
		if err := c.mayGo(c.rdl); err != nil {
			return nil, 0, err
		}
		if c.flags&mayRead != 0 {
			if p = c.loop.takePipe(); p == nil {
				return nil, 0, ErrNoSplice
			}
			m, e := sysSplice(int(c.fd), p.w, min(n, p.size))
			switch {
			case e == syscall.EAGAIN:
				c.flags &^= mayRead
			case e == syscall.EINVAL || e == syscall.ENOSYS:
				return p, 0, ErrNoSplice
			case e != 0:
				return p, 0, e
			case m == 0:
				return p, 0, io.EOF
			default:
				return p, m, nil
			}
			c.loop.freePipe(p, true)
		}
		if err := c.awaitInput(); err != nil {
			return nil, 0, err
		}
	}
}

// spliceOut moves bytes of the pipe to the connection, waiting for room.
func (c *econn) spliceOut(p *pipe, n int64) (int64, error) {
	if c.flags&isBatched != 0 || c.pending != nil {
		if err := c.sendFirst(); err != nil {
			return 0, err
		}
	}
	for {
		if err := c.mayGo(c.wdl); err != nil {
			return 0, err
		}
		m, e := sysSplice(p.r, int(c.fd), n)
		switch {
		case e == syscall.EAGAIN:
			if err := c.awaitRoom(); err != nil {
				return 0, err
			}
		case e != 0:
			return 0, e
		case m == 0:
			return 0, io.ErrShortWrite
		default:
			return m, nil
		}
	}
}
