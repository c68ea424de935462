package unixd

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Word is an argument of -k that signals a running instance.
type Word struct {
	Name   string
	Signal syscall.Signal
	Starts bool // starts an instance if none runs
	Ends   bool // the instance ends
	Doc    string
}

// Words are the arguments of -k except "start".
var Words = [...]Word{
	{Name: "stop", Signal: syscall.SIGTERM, Ends: true, Doc: "stop at once"},
	{Name: "graceful-stop", Signal: syscall.SIGWINCH, Ends: true, Doc: "stop accepting, finish what is running, then stop"},
	{Name: "restart", Signal: syscall.SIGHUP, Starts: true, Doc: "reload the configuration"},
	{Name: "graceful", Signal: syscall.SIGUSR1, Starts: true, Doc: "reload the configuration, let requests finish on the old one"},
}

// LookupWord finds a row by name.
func LookupWord(name string) (Word, bool) {
	for _, w := range Words {
		if w.Name == name {
			return w, true
		}
	}
	return Word{}, false
}

// NotRunningError says that no instance is running. For words that stop, httpd
// counts it as success.
type NotRunningError struct {
	Program string
	PID     int // from the pid file, 0 if there is none
}

// Error returns httpd's text: "httpd (pid 12?) not running".
func (e *NotRunningError) Error() string {
	if e.PID == 0 {
		return e.Program + " (no pid file) not running"
	}
	return fmt.Sprintf("%s (pid %d?) not running", e.Program, e.PID)
}

// Running finds the instance that wrote the pid file. A process that got the
// number later and does not run our program does not count: httpd would signal
// it.
func Running(program, pidFile string) (*Process, error) {
	pid, err := ReadPidFile(pidFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &NotRunningError{Program: program}
	}
	if err != nil {
		return nil, err
	}
	h, err := FindProcess(pid)
	if err == nil && !h.Ours() {
		h.Release()
		err = os.ErrProcessDone
	}
	if errors.Is(err, os.ErrProcessDone) {
		return nil, &NotRunningError{Program: program, PID: pid}
	}
	return h, err
}
