//go:build linux

package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Bodies is the load of clients that send or receive bodies, each as fast as it can, for a time.
type Bodies struct {
	Connections int
	Time        time.Duration
	Host, Path  string
	Send        int    // bytes that each request sends; 0: it is a GET
	Chunk       int    // the size of chunks, each in a separate write; 0: with Content-Length
	Accept      string // Accept-Encoding of requests without a body; "": none
}

// Moved is the result. Only complete requests count, and each is finished.
type Moved struct {
	Requests, Errors int64
	Bytes            int64 // of bodies
	Seconds          float64
}

// Run plays b against the proxy at addr.
func (b Bodies) Run(ctx context.Context, addr string) (Moved, error) {
	var m struct{ requests, errors, bytes atomic.Int64 }
	pieces := b.pieces()
	started := time.Now()
	var all sync.WaitGroup
	for range b.Connections {
		all.Go(func() {
			for ctx.Err() == nil && time.Since(started) < b.Time {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					m.errors.Add(1)
					return
				}
				buf := make([]byte, 256<<10)
				_ = c.SetDeadline(started.Add(b.Time + 20*time.Second))
				// At least one request: on a busy machine a short time may be over before this line.
				for first := true; err == nil && ctx.Err() == nil && (first || time.Since(started) < b.Time); first = false {
					var n int
					if n, err = exchange(c, pieces, buf); err == nil {
						m.requests.Add(1)
						m.bytes.Add(int64(n + b.Send))
					}
				}
				if err != nil {
					m.errors.Add(1)
				}
				_ = c.Close()
			}
		})
	}
	all.Wait()
	moved := Moved{m.requests.Load(), m.errors.Load(), m.bytes.Load(), time.Since(started).Seconds()}
	return moved, ctx.Err()
}

// pieces returns the bytes of a request, write by write.
func (b Bodies) pieces() [][]byte {
	if b.Send == 0 {
		request := get(b.Host, b.Path)
		if b.Accept != "" {
			request = fmt.Appendf(request[:len(request)-2], "Accept-Encoding: %s\r\n\r\n", b.Accept)
		}
		return [][]byte{request}
	}
	head := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\n", b.Path, b.Host)
	data := bytes.Repeat([]byte("0123456789abcdef"), b.Send/16)
	if b.Chunk == 0 {
		return [][]byte{append(fmt.Appendf(head, "Content-Length: %d\r\n\r\n", len(data)), data...)}
	}
	var all [][]byte
	piece := fmt.Appendf(head, "Transfer-Encoding: chunked\r\n\r\n")
	for len(data) > 0 {
		n := min(b.Chunk, len(data))
		piece = append(append(fmt.Appendf(piece, "%x\r\n", n), data[:n]...), "\r\n"...)
		data = data[n:]
		if len(data) > 0 {
			all = append(all, piece)
			piece = nil
		}
	}
	return append(all, append(piece, "0\r\n\r\n"...))
}

// get returns a request without a body.
func get(host, path string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\n\r\n", path, host)
}

// exchange writes a request and reads the response to its end; it returns the size of the response's body.
func exchange(c net.Conn, pieces [][]byte, buf []byte) (int, error) {
	for _, p := range pieces {
		if _, err := c.Write(p); err != nil {
			return 0, err
		}
	}
	read, end := 0, -1
	for end < 0 {
		if read == len(buf) {
			return 0, io.ErrShortBuffer
		}
		n, err := c.Read(buf[read:])
		if err != nil {
			return 0, err
		}
		read += n
		end = bytes.Index(buf[:read], []byte("\r\n\r\n"))
	}
	head := buf[:end+2]
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200")) {
		return 0, fmt.Errorf("unexpected answer: %.80q", head)
	}
	rest := body{chunked: fieldIs(head, "transfer-encoding", "chunked")}
	if !rest.chunked {
		size, err := strconv.ParseInt(fieldOf(head, "content-length"), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("answer without a length: %.80q", head)
		}
		rest.left = size
	}
	return drain(c, &rest, buf, buf[end+4:read])
}

// drain reads a body to its end, of which first has arrived; it returns its size on the connection, with the lines of its chunks.
func drain(c net.Conn, rest *body, buf, first []byte) (int, error) {
	size := 0
	for data := first; ; {
		n, done, ok := rest.take(data)
		size += n
		switch {
		case !ok || done && n < len(data):
			return 0, errors.New("malformed body of an answer")
		case done:
			return size, nil
		}
		n, err := c.Read(buf)
		if err != nil {
			return 0, err
		}
		data = buf[:n]
	}
}
