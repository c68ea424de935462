package control

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// Handler responds to the requests of one name. ctx ends when the server closes
// the socket. The result is sent as JSON, an error as its text.
type Handler func(ctx context.Context, args json.RawMessage) (result any, err error)

// maxClients limits the connections at one time: they come from people and scripts.
const maxClients = 16

// idle is how long a connection may wait before its next request.
const idle = time.Minute

// Server responds on a control socket.
type Server struct {
	path     string
	uid      int // who may connect, in addition to root
	listener *net.UnixListener
	handlers map[string]Handler

	ctx  context.Context
	stop context.CancelFunc
	all  sync.WaitGroup

	mu     lock.Mutex // guards what follows
	conns  map[net.Conn]struct{}
	closed bool
}

// Listen makes the socket with mode 0600. The caller makes sure that no other
// server runs at this path. Connections wait until Serve.
func Listen(path string) (*Server, error) {
	l, err := listen(path)
	if err != nil {
		return nil, err
	}
	s := &Server{path: path, uid: os.Geteuid(), listener: l, conns: map[net.Conn]struct{}{}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s, nil
}

// Path returns where the socket is.
func (s *Server) Path() string { return s.path }

// Serve begins to respond, with one handler for each name of a request.
func (s *Server) Serve(handlers map[string]Handler) {
	s.handlers = handlers
	s.all.Go(s.accept)
}

func (s *Server) accept() {
	for {
		c, err := s.listener.AcceptUnix()
		if err != nil {
			if s.pause() {
				return
			}
			continue
		}
		if !allowed(c, s.uid) || !s.add(c) {
			_ = c.Close()
			continue
		}
		s.all.Go(func() { s.session(c) })
	}
}

// pause waits after an accept that failed, perhaps for lack of descriptors. It
// reports true when the socket is closed.
func (s *Server) pause() bool {
	t := time.NewTimer(100 * time.Millisecond)
	defer t.Stop()
	select {
	case <-s.ctx.Done():
		return true
	case <-t.C:
		return false
	}
}

// add counts a connection in. It reports false when there are too many.
func (s *Server) add(c net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= maxClients {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

// session handles the requests of one connection, in order.
func (s *Server) session(c net.Conn) {
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		_ = c.Close()
	}()
	lines := bufio.NewScanner(c)
	lines.Buffer(make([]byte, 0, 1<<10), maxLine)
	for {
		_ = c.SetReadDeadline(time.Now().Add(idle))
		if !lines.Scan() {
			return
		}
		b, err := json.Marshal(s.answer(lines.Bytes()))
		if err != nil {
			return
		}
		_ = c.SetWriteDeadline(time.Now().Add(idle))
		if _, err := c.Write(append(b, '\n')); err != nil {
			return
		}
	}
}

func (s *Server) answer(line []byte) Response {
	var r Request
	if err := json.Unmarshal(line, &r); err != nil {
		return Response{Error: "a request is one JSON object on a line"}
	}
	h := s.handlers[r.Do]
	if h == nil {
		return Response{Error: fmt.Sprintf("unknown request %q", r.Do)}
	}
	result, err := h(s.ctx, r.Args)
	if err != nil {
		return Response{Error: err.Error()}
	}
	b, err := json.Marshal(result)
	if err != nil {
		return Response{Error: err.Error()}
	}
	return Response{OK: true, Result: b}
}

// Close ends all connections and removes the socket. An error means that it
// stays: since the change of user its folder may be closed to the server.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.stop()
	_ = s.listener.Close()
	s.all.Wait()
	return os.Remove(s.path)
}
