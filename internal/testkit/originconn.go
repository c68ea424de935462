package testkit

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
)

// errEnded makes the loop of a connection stop, because the answer ended the connection.
var errEnded = errors.New("answer ended the connection")

// originConn is one connection to an Origin, served by one goroutine.
type originConn struct {
	o    *Origin
	n    int
	c    net.Conn
	w    *wireReader
	stop chan struct{} // closed by close
	once sync.Once

	batch bool   // what is written waits for flush
	queue []byte // what waits
}

func (o *Origin) accept() {
	defer o.wg.Done()
	for {
		c, err := o.ln.Accept()
		if err != nil {
			return
		}
		oc := &originConn{o: o, c: c, w: newWireReader(c), stop: make(chan struct{})}
		o.locked(func() {
			o.seen++
			oc.n = o.seen
			o.open[oc] = true
			select {
			case <-o.end:
				oc.close()
			default:
			}
		})
		o.wg.Add(1)
		go oc.serve()
	}
}

func (c *originConn) close() {
	c.once.Do(func() {
		close(c.stop)
		_ = c.c.Close()
	})
}

func (c *originConn) serve() {
	defer c.o.wg.Done()
	for {
		err := c.o.speak(c)
		if err == nil {
			continue
		}
		c.o.locked(func() {
			delete(c.o.open, c)
			select {
			case <-c.stop:
			default:
				if !errors.Is(err, errEnded) {
					c.o.gone++
				}
			}
		})
		c.close()
		return
	}
}

// exchange reads one request and plays its answer.
func (c *originConn) exchange() error {
	c.w.raw = nil
	line, err := c.w.line()
	if err != nil {
		return err
	}
	r := &Request{Conn: c.n, Line: line}
	r.Fields, err = c.w.fields()
	r.Raw, r.Err = c.w.raw, err
	body := framed(c.w, r.Fields, NoBody)
	r.Framing, r.Complete = body.kind, err == nil && body.kind == NoBody
	c.o.locked(func() { c.o.reqs = append(c.o.reqs, r) })
	if err != nil {
		return err
	}
	answer := c.o.pick(line)
	if len(answer) == 0 || answer[0].kind != "early" {
		if err := c.readBody(r, body); err != nil {
			return err
		}
	}
	for i := range answer {
		if err := c.play(&answer[i], r, body); err != nil {
			return err
		}
	}
	return c.readBody(r, body)
}

// readBody reads the rest of the body into the record.
func (c *originConn) readBody(r *Request, body *bodyReader) error {
	buf := make([]byte, 32<<10)
	for {
		n, err := body.next(buf)
		c.o.locked(func() {
			r.Body = append(r.Body, buf[:n]...)
			r.Raw, r.Trailers = c.w.raw, body.trailers
			if err == io.EOF {
				r.Complete = true
			} else {
				r.Err = err
			}
		})
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *originConn) play(s *step, r *Request, body *bodyReader) error {
	switch s.kind {
	case "respond", "head":
		method, _, _ := strings.Cut(r.Line, " ")
		return c.write(s.bytes(method))
	case "echo":
		text := r.Echo()
		e := step{kind: "respond", code: 200, proto: "HTTP/1.1", reason: "OK", text: text}
		return c.write(e.bytes(""))
	case "write":
		return c.write(s.text)
	case "chunk":
		return c.write(fmt.Sprintf("%x\r\n%s\r\n", len(s.text), s.text))
	case "last":
		return c.write(lastChunk(s.list))
	case "wait":
		return c.wait(s.text)
	case "readbody":
		return c.readBody(r, body)
	case "tunnel":
		// Without the methods by which net would splice: its pipes stay open.
		_, err := io.Copy(struct{ io.Writer }{c.c}, struct{ io.Reader }{c.w.br})
		return err
	case "shutdown":
		if h, ok := c.c.(interface{ CloseWrite() error }); ok {
			return h.CloseWrite()
		}
	case "rst":
		if l, ok := c.c.(*net.TCPConn); ok {
			_ = l.SetLinger(0)
		}
		return errEnded
	case "close":
		return errEnded
	}
	return nil
}

func (c *originConn) write(s string) error {
	if c.batch {
		c.queue = append(c.queue, s...)
		return nil
	}
	_, err := io.WriteString(c.c, s)
	return err
}

// flush writes what has waited in one piece, as programs do that end at once.
func (c *originConn) flush() error {
	_, err := c.c.Write(c.queue)
	c.queue = c.queue[:0]
	return err
}

// wait blocks until the gate opens, our side closes the connection, or the peer ends it: a peer that closes
// while an answer waits must be noticed, so the wait reads ahead one byte.
func (c *originConn) wait(gate string) error {
	left := make(chan error, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, err := c.w.br.Peek(1); err != nil {
			left <- err
		}
	}()
	var err error
	select {
	case <-c.o.gateOf(gate):
	case err = <-left:
	case <-c.stop:
		err = net.ErrClosed
	}
	_ = c.c.SetReadDeadline(time.Now()) // wakes the reader; the bytes it peeked stay in the buffer
	<-done
	_ = c.c.SetReadDeadline(time.Time{})
	return err
}

func lastChunk(trailers []string) string {
	s := "0\r\n"
	for _, t := range trailers {
		s += t + "\r\n"
	}
	return s + "\r\n"
}
