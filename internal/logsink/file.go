package logsink

import (
	"os"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// fileMode is what a new log file gets, less the umask.
const fileMode = 0o644

// fileSink appends to a file.
type fileSink struct {
	path string
	mu   lock.Mutex // guards f, which only the writer changes
	f    *os.File
}

func openFile(path string) (*fileSink, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, fileMode)
	if err != nil {
		return nil, err
	}
	return &fileSink{path: path, f: f}, nil
}

func (s *fileSink) write(p []byte) (int, error) { return s.f.Write(p) }

func (s *fileSink) reopen() (bool, error) {
	have, err := s.f.Stat()
	if err != nil {
		return false, err
	}
	if now, err := os.Stat(s.path); err == nil && os.SameFile(have, now) {
		return false, nil
	}
	fresh, err := openFile(s.path)
	if err != nil {
		return false, err
	}
	old := s.f
	s.mu.Lock()
	s.f = fresh.f
	s.mu.Unlock()
	return true, old.Close()
}

func (s *fileSink) hurry() { s.within(programGrace) }
func (s *fileSink) force() { s.within(0) }

// within bounds writes where the file is a pipe that a program reads; files of
// a disk have no deadline.
func (s *fileSink) within(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.f.SetWriteDeadline(time.Now().Add(d))
}

func (s *fileSink) close() error { return s.f.Close() }

// streamSink writes to a stream of the process, which it does not own.
type streamSink struct{ f *os.File }

// standardStream gives the stream that a path names. Opening the path would
// fail where the stream is a socket or belongs to somebody else.
func standardStream(path string) *os.File {
	switch path {
	case "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1":
		return os.Stdout
	case "/dev/stderr", "/dev/fd/2", "/proc/self/fd/2":
		return os.Stderr
	}
	return nil
}

func (s *streamSink) write(p []byte) (int, error) { return s.f.Write(p) }
func (s *streamSink) reopen() (bool, error)       { return false, nil }
func (s *streamSink) hurry()                      {}
func (s *streamSink) force()                      {}
func (s *streamSink) close() error                { return nil }
