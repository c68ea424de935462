package logsink

import (
	"os"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// fileMode is the mode of a new log file before the umask.
const fileMode = 0o644

// Opener opens a log file for appending and creates it if it is missing.
type Opener func(path string) (*os.File, error)

// OpenFile is the Opener that uses the rights of the process.
func OpenFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, fileMode)
}

// fileSink appends to a file.
type fileSink struct {
	path string
	open Opener
	mu   lock.Mutex // guards f, which only the writer changes
	f    *os.File
}

func openFile(path string, open Opener) (*fileSink, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	return &fileSink{path: path, open: open, f: f}, nil
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
	fresh, err := s.open(s.path)
	if err != nil {
		return false, err
	}
	// In a folder that this process cannot read, only the open file identifies
	// it.
	if now, err := fresh.Stat(); err == nil && os.SameFile(have, now) {
		return false, fresh.Close()
	}
	old := s.f
	s.mu.Lock()
	s.f = fresh
	s.mu.Unlock()
	return true, old.Close()
}

func (s *fileSink) hurry() { s.within(programGrace) }
func (s *fileSink) force() { s.within(0) }

// within sets a deadline for writes if the file is a pipe that a program reads.
// Files on a disk have no deadline.
func (s *fileSink) within(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.f.SetWriteDeadline(time.Now().Add(d))
}

func (s *fileSink) close() error { return s.f.Close() }

// streamSink writes to a stream of the process, which it does not own.
type streamSink struct{ f *os.File }

// standardStream returns the stream that a path names. Opening the path would
// fail if the stream is a socket or belongs to another user.
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
