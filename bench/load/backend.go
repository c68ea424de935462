//go:build linux

package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Small and Large are the sizes of the response bodies, in bytes.
const (
	Small = 1 << 10
	Large = 10 << 20
	Text  = 256 << 10 // of a page that can be compressed
)

// answers are the complete responses, by the last segment of the path.
type answers struct {
	small, large, taken []byte
	text                []byte // HTML
	fcgi                []byte // the small one by FastCGI
}

func newAnswers() *answers {
	return &answers{
		small: answer("200 OK", bytes.Repeat([]byte("0123456789abcdef"), Small/16)),
		large: answer("200 OK", bytes.Repeat([]byte("0123456789abcdef"), Large/16)),
		text:  typed("text/html", "200 OK", page(Text)),
		taken: answer("200 OK", []byte("taken\n")),
		fcgi:  fcgiAnswer(),
	}
}

func answer(status string, body []byte) []byte { return typed("text/plain", status, body) }

func typed(kind, status string, body []byte) []byte {
	return append(fmt.Appendf(nil, "HTTP/1.1 %s\r\nDate: %s\r\nServer: backend\r\nContent-Type: %s\r\n"+
		"Content-Length: %d\r\n\r\n", status, time.Now().UTC().Format("Mon, 02 Jan 2006 15:04:05 GMT"), kind, len(body)), body...)
}

// of returns the response to a request, by the last segment of its path without the query.
func (a *answers) of(head []byte) []byte {
	line, _, _ := bytes.Cut(head, []byte("\r\n"))
	_, target, _ := bytes.Cut(line, []byte(" "))
	target, _, _ = bytes.Cut(target, []byte(" "))
	path, _, _ := bytes.Cut(target, []byte("?"))
	switch string(path[bytes.LastIndexByte(path, '/')+1:]) {
	case "small":
		return a.small
	case "large":
		return a.large
	case "text":
		return a.text
	case "take":
		return a.taken
	case "echo":
		return answer("200 OK", head)
	}
	return answer("404 Not Found", nil)
}

// Backend serves on a port of its choice, with one loop for each core it may run on, until ctx ends. It writes its
// address to out first. With everywhere it has that port at all addresses, those of 127.0.0.0/8 among them, so that it can
// play many backends.
func Backend(ctx context.Context, loops int, everywhere bool, out io.Writer) error {
	host := "127.0.0.1"
	if everywhere {
		host = "0.0.0.0"
	}
	ln, err := net.Listen("tcp4", host+":0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	addr := fmt.Sprintf("127.0.0.1:%d", ln.Addr().(*net.TCPAddr).Port)
	b, err := newBackend(ln, max(loops, 1))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, addr)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	for _, l := range b.loops {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := l.turn(200); err != nil {
					stop(err)
				}
			}
		})
	}
	all.Wait()
	b.close()
	if err := context.Cause(ctx); err != context.Canceled {
		return err
	}
	return nil
}

// backend is the listening socket. All loops wait for it, and each accepts one connection at a time.
type backend struct {
	fd      int
	loops   []*loop
	answers *answers
}

func newBackend(ln net.Listener, loops int) (*backend, error) {
	fd, err := descriptor(ln.(*net.TCPListener))
	if err != nil {
		return nil, err
	}
	b := &backend{fd: fd, answers: newAnswers()}
	for range loops {
		l, err := newLoop()
		if err != nil {
			return nil, err
		}
		if err := l.add(fd, b); err != nil {
			return nil, err
		}
		b.loops = append(b.loops, l)
	}
	return b, nil
}

// close closes everything; no loop may be running.
func (b *backend) close() {
	for _, l := range b.loops {
		l.sockets[b.fd] = nil
		l.close()
	}
	_ = syscall.Close(b.fd)
}

// ready accepts a waiting connection.
func (b *backend) ready(l *loop, _ uint32) error {
	fd, _, err := syscall.Accept4(b.fd, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
	switch err {
	case nil:
	case syscall.EAGAIN, syscall.ECONNABORTED, syscall.EINTR:
		return nil
	default:
		return fmt.Errorf("accept: %w", err)
	}
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	return l.add(fd, &served{fd: fd, answers: b.answers})
}

// served is one connection of the backend.
type served struct {
	fd      int
	answers *answers
	rest    []byte   // the beginning of an incomplete head
	answer  []byte   // due when the body has been read; nil between requests
	body    body     // the state of reading it
	queue   [][]byte // to be written: complete responses, the first perhaps begun
	blocked bool     // waiting until it can be written
	last    bool     // close when everything is written
}

func (c *served) ready(l *loop, events uint32) error {
	if c.blocked && events&(syscall.EPOLLOUT|syscall.EPOLLERR|syscall.EPOLLHUP) != 0 {
		return c.flush(l)
	}
	data, over := l.read(c.fd)
	if over || !c.take(data) {
		l.drop(c.fd)
		return nil
	}
	return c.flush(l)
}

// take processes the bytes that were read; false when they are malformed.
func (c *served) take(data []byte) bool {
	if len(c.rest) > 0 {
		data = append(c.rest, data...)
		c.rest = nil
	}
	if c.answer == nil && len(data) > 0 && data[0] == 1 { // no request of HTTP begins so
		return c.takeFCGI(data)
	}
	for {
		if c.answer != nil {
			n, done, ok := c.body.take(data)
			data = data[n:]
			if !ok || !done {
				return ok
			}
			c.queue = append(c.queue, c.answer)
			c.answer = nil
		}
		end := bytes.Index(data, []byte("\r\n\r\n"))
		if end < 0 {
			c.rest = append(c.rest, data...)
			return len(c.rest) < 64<<10
		}
		head := data[:end+4]
		data = data[end+4:]
		c.answer = c.answers.of(head)
		c.body = bodyOf(head)
		c.last = c.last || fieldIs(head, "connection", "close")
	}
}

// flush writes what is due, in one write if the responses are small.
func (c *served) flush(l *loop) error {
	for len(c.queue) > 0 {
		if len(c.queue) > 1 && len(c.queue[0]) < 64<<10 {
			c.queue = [][]byte{bytes.Join(c.queue, nil)}
		}
		n, over := write(c.fd, c.queue[0])
		if over {
			l.drop(c.fd)
			return nil
		}
		if n < len(c.queue[0]) {
			c.queue[0] = c.queue[0][n:]
			return c.block(l, true)
		}
		c.queue = c.queue[1:]
	}
	c.queue = nil
	if c.last {
		l.drop(c.fd)
		return nil
	}
	return c.block(l, false)
}

// block sets whether the connection waits for room to write; meanwhile it reads nothing.
func (c *served) block(l *loop, blocked bool) error {
	if c.blocked == blocked {
		return nil
	}
	c.blocked = blocked
	if blocked {
		return l.want(c.fd, syscall.EPOLLOUT)
	}
	return l.want(c.fd, syscall.EPOLLIN)
}

// fieldOf returns the value of a field, "" without one. It is not a parser: it relies on the form of heads that proxies send.
func fieldOf(head []byte, name string) string {
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		k, v, ok := bytes.Cut(line, []byte(":"))
		if ok && len(k) == len(name) && strings.EqualFold(string(k), name) {
			return string(bytes.TrimSpace(v))
		}
	}
	return ""
}

func fieldIs(head []byte, name, value string) bool {
	return strings.EqualFold(fieldOf(head, name), value)
}
