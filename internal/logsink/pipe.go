package logsink

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// respawnEvery is the least time between two starts of a program that keeps
// dying.
const respawnEvery = time.Second

// programGrace is how long a program may take to end after its input has ended,
// and again after SIGTERM.
const programGrace = 2 * time.Second

// pipeSink writes to the input of a program. Both ends of the pipe stay open
// here, so that input that a dying program has not read is read by its
// successor.
type pipeSink struct {
	argv  []string
	title string   // the program as configured, for messages
	r     *os.File // the program's input; the keeper's once it runs
	w     *os.File
	tell  report
	quit  chan struct{} // closed by close
	gone  chan struct{} // closed when the keeper has ended

	forced chan struct{} // closed by force
	once   sync.Once     // closes forced

	mu  lock.Mutex // guards cmd
	cmd *exec.Cmd  // the running program
}

// openPipe starts the program of "|prog args", "||prog args" or "|$command".
func openPipe(dest string, tell report) (*pipeSink, error) {
	title := strings.TrimPrefix(dest[1:], "|")
	argv, err := pipeArgs(title)
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s := &pipeSink{
		argv: argv, title: title, r: r, w: w, tell: tell,
		quit: make(chan struct{}), gone: make(chan struct{}), forced: make(chan struct{}),
	}
	cmd, err := s.start()
	if err != nil {
		_, _ = r.Close(), w.Close()
		return nil, err
	}
	go s.keep(cmd)
	return s, nil
}

// pipeArgs returns the program and its arguments. httpd: only "|$" uses a
// shell, so that in other forms a redirection is an argument.
func pipeArgs(title string) ([]string, error) {
	if command, shell := strings.CutPrefix(title, "$"); shell {
		return []string{"/bin/sh", "-c", "exec " + command}, nil
	}
	argv := splitArgs(title)
	if len(argv) == 0 {
		return nil, errors.New("no program named")
	}
	return argv, nil
}

// start runs the program with the pipe as its input, in its own process group:
// an interrupt from the terminal must not end it before its last lines.
func (s *pipeSink) start() (*exec.Cmd, error) {
	cmd := exec.Command(s.argv[0], s.argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = s.r, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	// The program shares the pipe's open file description and expects reads
	// to block.
	if err := syscall.SetNonblock(int(s.r.Fd()), false); err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd = cmd
	return cmd, nil
}

// keep waits for the program and starts it again when it dies.
func (s *pipeSink) keep(cmd *exec.Cmd) {
	defer close(s.gone)
	defer s.r.Close()
	for {
		started := time.Now()
		_ = cmd.Wait() // its exit status does not matter
		if s.quitting() {
			return
		}
		s.tell(nil, "AH00106: piped log program '%s' failed unexpectedly", s.title)
		for {
			if !s.pause(respawnEvery - time.Since(started)) {
				return
			}
			started = time.Now()
			next, err := s.start()
			if err == nil {
				cmd = next
				break
			}
			if s.quitting() {
				return
			}
			s.tell(err, "AH00107: piped log program '%s' cannot be started again", s.title)
		}
	}
}

func (s *pipeSink) quitting() bool {
	select {
	case <-s.quit:
		return true
	default:
		return false
	}
}

// pause waits for d. It reports false when the sink is being closed.
func (s *pipeSink) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-s.quit:
		return false
	case <-timer.C:
		return true
	}
}

func (s *pipeSink) write(p []byte) (int, error) { return s.w.Write(p) }

// reopen does nothing: the program manages its own files.
func (s *pipeSink) reopen() (bool, error) { return false, nil }

func (s *pipeSink) hurry() {
	// Without a deadline the close below just takes longer.
	_ = s.w.SetWriteDeadline(time.Now().Add(programGrace))
}

func (s *pipeSink) force() {
	_ = s.w.SetWriteDeadline(time.Now())
	s.once.Do(func() { close(s.forced) })
}

// close ends the program's input and waits for the program, and kills it in the
// end.
func (s *pipeSink) close() error {
	close(s.quit)
	err := s.w.Close()
	forced := s.forced
	for _, sig := range []syscall.Signal{0, syscall.SIGTERM, syscall.SIGKILL} {
		if sig != 0 {
			s.signal(sig)
		}
		if sig == syscall.SIGKILL {
			forced = nil
		}
		timer := time.NewTimer(programGrace)
		select {
		case <-s.gone:
			timer.Stop()
			return err
		case <-forced:
			timer.Stop()
		case <-timer.C:
		}
	}
	return err
}

// signal sends sig to the program and its children.
func (s *pipeSink) signal(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// It may have ended meanwhile.
	_ = syscall.Kill(-s.cmd.Process.Pid, sig)
}
