package unixd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// envReady names the descriptor on which a detached child reports to its
// starter: readyByte once it serves, or failByte and a text.
const envReady = "HEADGATE_READY_FD"

const (
	readyByte = 'R'
	failByte  = 'E'
	maxReport = 64 << 10
)

// Detach starts argv as a child in a new session, without a terminal, with its
// output appended to logFile ("" drops it), and waits until the child reports
// that it serves. The error is the child's own text if it sent one. If ctx ends
// first the child is killed. terminal, if not nil, is the child's input: it may ask
// there before it serves, and leaves it by LeaveTerminal.
func Detach(ctx context.Context, argv, env []string, logFile string, terminal *os.File) (pid int, err error) {
	if len(argv) == 0 {
		return 0, errors.New("nothing to start")
	}
	log, err := os.OpenFile(cmp.Or(logFile, os.DevNull), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return 0, err
	}
	defer log.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(env[:len(env):len(env)], envReady+"=3") // descriptor of the first of ExtraFiles
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = log, log, []*os.File{w}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if terminal != nil {
		cmd.Stdin = terminal
	}
	err = cmd.Start()
	w.Close() // else its end would never be seen
	if err != nil {
		return 0, err
	}
	if err := await(ctx, cmd, r, logFile); err != nil {
		return 0, err
	}
	pid = cmd.Process.Pid
	return pid, cmd.Process.Release()
}

// await reads the child's report. It kills a child that does not serve.
func await(ctx context.Context, cmd *exec.Cmd, r io.Reader, logFile string) error {
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	report, err := io.ReadAll(io.LimitReader(r, maxReport))
	// From here on the child is either left running or waited for.
	inTime := stop()
	if err == nil && inTime && len(report) > 0 && report[0] == readyByte {
		return nil
	}
	if len(report) == maxReport || err != nil {
		_ = cmd.Process.Kill()
	}
	kill := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	end := cmd.Wait()
	kill()
	switch {
	case !inTime:
		return fmt.Errorf("did not serve in time: %w", context.Cause(ctx))
	case len(report) > 1 && report[0] == failByte:
		return errors.New(strings.TrimSpace(string(report[1:])))
	}
	how := "exit status 0"
	if end != nil {
		how = end.Error()
	}
	return fmt.Errorf("ended before it served: %s (see %s)", how, cmp.Or(logFile, "its log"))
}

// Readiness is the child's end of Detach. All methods do nothing on nil, as in
// a process that Detach did not start, and after the first report.
type Readiness struct{ f *os.File }

// ReadinessFromEnv takes over the descriptor and removes its variable, so that
// child processes do not report in its place.
func ReadinessFromEnv(getenv func(string) string, unset func(string) error) (*Readiness, error) {
	s := getenv(envReady)
	if s == "" {
		return nil, nil
	}
	if err := unset(envReady); err != nil {
		return nil, err
	}
	fd, err := strconv.Atoi(s)
	if err != nil || fd < 3 {
		return nil, fmt.Errorf("%s: bad descriptor %q", envReady, s)
	}
	syscall.CloseOnExec(fd)
	return &Readiness{f: os.NewFile(uintptr(fd), "readiness")}, nil
}

// LeaveTerminal replaces standard input by nothing: a detached process must not hold the
// terminal that it was started at.
func (r *Readiness) LeaveTerminal() error {
	if r == nil {
		return nil
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	return unix.Dup2(int(null.Fd()), int(os.Stdin.Fd()))
}

// Ready reports that the process serves.
func (r *Readiness) Ready() error { return r.report(string(rune(readyByte))) }

// Fail reports why it never will; the caller then exits.
func (r *Readiness) Fail(why error) error { return r.report(string(rune(failByte)) + why.Error()) }

func (r *Readiness) report(text string) error {
	if r == nil || r.f == nil {
		return nil
	}
	_, err := io.WriteString(r.f, text[:min(len(text), maxReport-1)])
	err = errors.Join(err, r.f.Close())
	r.f = nil
	return err
}
