package logsink

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// sink is a destination as its writer sees it. Only the writer calls write and
// reopen; any goroutine may call hurry and force; close comes last.
type sink interface {
	// write writes whole lines. After an error it returns how many bytes
	// arrived.
	write(p []byte) (int, error)
	// reopen opens a file again that was moved away. true: it opened a new one.
	reopen() (bool, error)
	// hurry makes a write that is stuck, and later ones, give up soon.
	hurry()
	// force makes writes, and closing, give up at once where that is possible.
	force()
	close() error
}

// report writes a message about a destination to the error log.
type report func(cause error, format string, args ...any)

// use says what a destination was opened for.
type use uint8

const (
	accessLog use = iota
	errorLog
)

// OpenError says why a destination cannot be opened, in httpd's words.
type OpenError struct {
	Dest string
	Err  error
	text string
	hint string
}

// Error returns the text with the system's reason before it: "(2)No such file
// or directory: AH02297: Cannot access directory …".
func (e *OpenError) Error() string {
	prefix, ok := AppendErrno(nil, e.Err)
	if !ok {
		return e.text + ": " + e.Err.Error()
	}
	return string(prefix) + ": " + e.text
}

// Hint returns advice, "" if there is none.
func (e *OpenError) Hint() string { return e.hint }

// Unwrap returns the cause.
func (e *OpenError) Unwrap() error { return e.Err }

// failed makes the error of a destination that cannot be opened, in httpd's
// words.
func (u use) failed(dest string, err error) error {
	e := &OpenError{Dest: dest, Err: err}
	dir := filepath.Dir(dest)
	_, dirErr := os.Stat(dir)
	program, pipe := strings.CutPrefix(dest, "|")
	switch {
	case pipe && u == errorLog:
		e.text = fmt.Sprintf("AH00089: Couldn't start ErrorLog process '%s'", program)
	case pipe:
		e.text = fmt.Sprintf("AH00104: unable to start piped log program '%s'", program)
	case dirErr != nil && u == errorLog:
		e.text = fmt.Sprintf("AH02291: Cannot access directory '%s/' for error log '%s'", dir, dest)
	case dirErr != nil:
		e.text = fmt.Sprintf("AH02297: Cannot access directory '%s/' for log file '%s'", dir, dest)
	case u == errorLog:
		e.text = fmt.Sprintf("AH00091: could not open error log file %s", dest)
	default:
		e.text = fmt.Sprintf("AH00649: could not open transfer log file %s", dest)
	}
	if !pipe && errors.Is(dirErr, fs.ErrNotExist) {
		e.hint = "mkdir -p " + dir
	}
	return e
}

// openSink opens dest, of which the form decides the kind.
func (r *Registry) openSink(dest string, u use) (sink, error) {
	switch {
	case strings.HasPrefix(dest, "|"):
		rule, err := ParseRotation(dest, "")
		switch {
		case err != nil:
			return nil, err
		case rule != nil:
			return openRotated(rule, r.now, r.report, r.rotate)
		}
		return openPipe(dest, r.report)
	case isSyslog(dest):
		return openSyslog(dest, u, r.syslog), nil
	case isJournal(dest):
		return openJournal(dest, u, r.journal), nil
	}
	if f := standardStream(dest); f != nil {
		return &streamSink{f}, nil
	}
	return openFile(dest, r.file)
}

// Place returns the registry's name of a log destination: a relative path is
// resolved against root, that of rotatelogs too; other programs, syslog and
// journald are unchanged. onlyFiles is for logs for which these two are names of
// files.
func Place(dest, root string, onlyFiles bool) string {
	if rule, err := ParseRotation(dest, root); err == nil && rule != nil {
		return rule.Command()
	}
	switch {
	case strings.HasPrefix(dest, "|"), !onlyFiles && isMessages(dest):
		return dest
	case filepath.IsAbs(dest):
		return filepath.Clean(dest)
	}
	return filepath.Join(root, dest)
}
