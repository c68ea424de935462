package logsink

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// Rotator opens the file of a rotation that begins at a time of the rule, for a
// process that lacks the rights.
type Rotator func(r *Rotation, at int64, number int, further bool) (*os.File, error)

// rotateRetry is how long a rotation that failed waits before the next attempt.
// Lines go to the old file meanwhile.
const rotateRetry = time.Second

// rotatedSink does what rotatelogs does, without a program: it appends to a file
// and begins another one when an interval is over or the file is large enough.
// Only the writer calls its methods.
type rotatedSink struct {
	rule *Rotation
	open Rotator // used where this process lacks rights; nil: none
	now  func() time.Time
	tell report
	born time.Time

	f      *os.File // nil: none yet
	name   string
	size   int64
	number int       // under -n; -1 before the first file
	end    int64     // of the interval, in the rule's time
	over   bool      // it is over: the next line begins a new file
	inside bool      // the last write ended within a line
	retry  time.Time // not before this time; zero: at once
	told   bool      // the current failure was reported

	programs sync.WaitGroup // of -p
}

func openRotated(rule *Rotation, now func() time.Time, tell report, open Rotator) (*rotatedSink, error) {
	s := &rotatedSink{rule: rule, open: open, now: now, tell: tell, born: now(), number: -1}
	if rule.force {
		return s, s.rotate()
	}
	if rule.dirs {
		return s, nil
	}
	err := probeFile(rule.File(rule.Now(now()), 0))
	if open != nil && errors.Is(err, fs.ErrPermission) {
		err = nil // the opener has rights
	}
	return s, err
}

func (s *rotatedSink) write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		if s.due() {
			if err := s.rotate(); err != nil {
				return done, err
			}
		}
		n, err := s.f.Write(s.fitting(p[done:]))
		s.size += int64(n)
		if n > 0 {
			s.inside = p[done+n-1] != '\n'
			if s.rule.echo {
				_, _ = os.Stdout.Write(p[done : done+n]) // nobody could be told
			}
		}
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

// due says whether the next line belongs to another file.
func (s *rotatedSink) due() bool {
	switch {
	case s.f == nil:
		return true
	case s.inside || !s.over && !s.full():
		return false
	}
	return s.retry.IsZero() || !s.now().Before(s.retry)
}

func (s *rotatedSink) full() bool { return s.rule.size > 0 && s.size > s.rule.size }

// fitting returns the lines that go to the current file: up to the one with which
// it is larger than the limit. rotatelogs: it looks at the size before each line.
func (s *rotatedSink) fitting(p []byte) []byte {
	room := s.rule.size - s.size
	if s.rule.size == 0 || int64(len(p)) <= room || s.full() {
		return p
	}
	if i := bytes.IndexByte(p[max(room, 0):], '\n'); i >= 0 {
		return p[:int(max(room, 0))+i+1]
	}
	return p
}

// rotate begins a file. If that fails while one is open, lines go on to that one.
// rotatelogs: it empties the old file then.
func (s *rotatedSink) rotate() error {
	at := s.start()
	number := 0
	if s.rule.files > 0 {
		number = (s.number + 1) % s.rule.files
	}
	name, further := s.rule.File(at, number), s.f != nil
	if name == s.name && !s.rule.Truncates(further) {
		// The format has the same name for both files.
		s.over, s.retry = false, s.now().Add(rotateRetry)
		return nil
	}
	f, err := s.fresh(name, at, number, further)
	if err != nil {
		return s.failed(name, err)
	}
	old, before := s.f, s.name
	s.f, s.name, s.number, s.over, s.retry, s.told = f, name, number, false, time.Time{}, false
	s.size = 0
	if info, err := f.Stat(); err == nil {
		s.size = info.Size()
	}
	s.after(before)
	if old != nil {
		s.say("closing file %s", before)
		if err := old.Close(); err != nil {
			s.tell(err, "rotatelogs: could not close %s", before)
		}
	}
	return nil
}

// start returns the time in the name of the file that begins now: where the
// interval has begun; within an interval that had a file before, now.
func (s *rotatedSink) start() int64 {
	now := s.rule.Now(s.now())
	if s.rule.every == 0 {
		return now
	}
	at := now - now%s.rule.every
	end := at + s.rule.every
	if at < s.end {
		at = now
	}
	s.end = end
	return at
}

// fresh opens a file.
func (s *rotatedSink) fresh(name string, at int64, number int, further bool) (*os.File, error) {
	s.say("opening file %s", name)
	flags := os.O_WRONLY | os.O_APPEND | os.O_CREATE
	if s.rule.Truncates(further) {
		flags |= os.O_TRUNC
	}
	if s.rule.dirs {
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil && !errors.Is(err, fs.ErrPermission) {
			return nil, err
		}
	}
	f, err := os.OpenFile(name, flags, fileMode)
	if s.open == nil || !errors.Is(err, fs.ErrPermission) {
		return f, err
	}
	return s.open(s.rule, at, number, further)
}

// failed is the end of a rotation that did not succeed. Without any file the
// lines are lost, and the appender says so.
func (s *rotatedSink) failed(name string, err error) error {
	s.over, s.retry = true, s.now().Add(rotateRetry)
	if s.f == nil {
		return err
	}
	if !s.told {
		s.told = true
		s.tell(err, "rotatelogs: could not open log file %s: writing on to %s", name, s.name)
	}
	return nil
}

// after does what follows a rotation: the second name, the program.
func (s *rotatedSink) after(before string) {
	if err := s.link(); err != nil {
		s.tell(err, "rotatelogs: could not link %s to %s", s.name, s.rule.link)
	}
	if s.rule.program == "" {
		return
	}
	args := []string{s.name}
	if before != "" {
		args = append(args, before)
	}
	cmd := exec.Command(s.rule.program, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Start(); err != nil {
		s.tell(err, "rotatelogs: could not start the program %s", s.rule.program)
		return
	}
	s.programs.Go(func() { _ = cmd.Wait() }) // its exit status does not matter
}

// link makes the second name of the current file, unless the opener has done so.
func (s *rotatedSink) link() error {
	if s.rule.link == "" {
		return nil
	}
	if have, err := os.Stat(s.rule.link); err == nil {
		if f, err := s.f.Stat(); err == nil && os.SameFile(have, f) {
			return nil
		}
	}
	if err := os.Remove(s.rule.link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Link(s.name, s.rule.link)
}

// say writes what -v asks for, to the terminal: in the error log it could be the
// reason for the next rotation.
func (s *rotatedSink) say(format string, args ...any) {
	if s.rule.verbose {
		fmt.Fprintf(os.Stderr, "rotatelogs: "+format+"\n", args...)
	}
}

// next returns when turn is to be called; zero: when a line has come.
func (s *rotatedSink) next() time.Time {
	switch now := s.now(); {
	case s.rule.every == 0 || s.over && !s.rule.create:
		return time.Time{}
	case s.over:
		return s.retry
	case s.f != nil:
		return time.Unix(s.end-s.rule.zone(now), 0)
	case s.rule.create:
		return s.born.Add(time.Duration(s.rule.every) * time.Second)
	}
	return time.Time{}
}

// turn ends the interval. All lines of it were written before.
func (s *rotatedSink) turn() {
	s.over = true
	if !s.rule.create || s.inside {
		return
	}
	if err := s.rotate(); err != nil && !s.told {
		s.told = true
		s.tell(err, "rotatelogs: could not open a log file")
	}
}

// reopen does nothing: the names of the files follow from the rule.
func (s *rotatedSink) reopen() (bool, error) { return false, nil }
func (s *rotatedSink) hurry()                {}
func (s *rotatedSink) force()                {}

// close closes the file, and waits a moment for the programs of -p, which may
// run on.
func (s *rotatedSink) close() error {
	ended := make(chan struct{})
	go func() {
		s.programs.Wait()
		close(ended)
	}()
	timer := time.NewTimer(programGrace)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
	if s.f == nil {
		return nil
	}
	return s.f.Close()
}
