package logsink

import (
	"bytes"
	"errors"
	"net"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// maxMessage limits the text of a message: daemons cut or refuse longer ones.
const maxMessage = 48 << 10

// messageSink sends each line as a message to a daemon on this machine, by a
// socket of datagrams or, where the daemon has only that, of a stream. A daemon
// that is not there or that is restarted is connected to again with the next
// lines.
type messageSink struct {
	sockets  []string // paths; the first one that works is used
	levelled bool     // lines begin with a severity byte; else all are of level info
	encode   func(dst []byte, severity byte, text []byte) []byte
	room     []byte // of the latest message

	mu   lock.Mutex // guards what follows
	conn net.Conn   // nil: not connected
	late time.Time  // deadline of every write; zero: none
}

func newMessageSink(u use, sockets []string, encode func([]byte, byte, []byte) []byte) *messageSink {
	return &messageSink{sockets: sockets, levelled: u == errorLog, encode: encode}
}

func (s *messageSink) write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		end := bytes.IndexByte(p[n:], '\n')
		if end < 0 {
			return n, errors.New("not a whole line")
		}
		if err := s.send(p[n : n+end]); err != nil {
			return n, err
		}
		n += end + 1
	}
	return n, nil
}

// send sends one line. A connection that has broken is made again once.
func (s *messageSink) send(line []byte) error {
	severity := byte(Info)
	if s.levelled && len(line) > 0 {
		severity, line = line[0]-'0', line[1:]
	}
	s.room = s.encode(s.room[:0], severity, line[:min(len(line), maxMessage)])
	conn, err := s.connected()
	if err != nil {
		return err
	}
	if _, err = conn.Write(s.room); err == nil {
		return nil
	}
	s.drop()
	if conn, err = s.connected(); err != nil {
		return err
	}
	if _, err = conn.Write(s.room); err != nil {
		s.drop()
	}
	return err
}

// connected returns the connection, and makes it where there is none.
func (s *messageSink) connected() (net.Conn, error) {
	s.mu.Lock()
	conn := s.conn
	s.mu.Unlock()
	if conn != nil {
		return conn, nil
	}
	conn, err := dialAny(s.sockets)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = conn
	_ = conn.SetWriteDeadline(s.late)
	return conn, nil
}

// dialAny connects to the first socket that accepts. The error is that of the
// first one.
func dialAny(sockets []string) (net.Conn, error) {
	var first error
	for _, path := range sockets {
		for _, kind := range []string{"unixgram", "unix"} {
			conn, err := net.Dial(kind, path)
			if err == nil {
				return conn, nil
			}
			if first == nil {
				first = err
			}
		}
	}
	return nil, first
}

// drop closes a connection that has failed.
func (s *messageSink) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

func (s *messageSink) reopen() (bool, error) { return false, nil }
func (s *messageSink) hurry()                { s.within(programGrace) }
func (s *messageSink) force()                { s.within(0) }

// within limits how long messages may take from now on: the daemon may be stuck.
func (s *messageSink) within(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.late = time.Now().Add(d)
	if s.conn != nil {
		_ = s.conn.SetWriteDeadline(s.late)
	}
}

func (s *messageSink) close() error {
	s.drop()
	return nil
}
