package logsink

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/headgate/headgate/internal/lock"
)

// ErrorLog writes records in httpd's error-log format. It does not check
// levels: callers check Levels.Enabled first. The zero value and nil write
// nothing.
type ErrorLog struct {
	out    *Appender
	levels *Levels // of the server the log belongs to; what Handler asks
	now    func() time.Time
	pid    int

	mu lock.Mutex // guards w
	w  io.Writer  // where out is nil: written to at once
}

// NewErrorLog returns an error log over an open destination.
func NewErrorLog(out *Appender, levels *Levels) *ErrorLog {
	return &ErrorLog{out: out, levels: levels, now: out.reg.now, pid: os.Getpid()}
}

// NewStartupLog returns the error log for the time before one is open: lines go
// to w at once. httpd: they carry no time, level and process.
func NewStartupLog(w io.Writer) *ErrorLog {
	levels := DefaultLevels()
	return &ErrorLog{w: w, levels: &levels}
}

// Logf formats and writes one record.
func (l *ErrorLog) Logf(r Record, format string, args ...any) {
	if l == nil {
		return
	}
	// Formatted outside any lock: an argument may be slow, or log itself.
	l.write(&r, fmt.Sprintf(format, args...))
}

func (l *ErrorLog) write(r *Record, message string) {
	switch {
	case l.out != nil && l.out.levelled:
		l.writeSyslog(r, message)
	case l.out != nil:
		line := appendTime(nil, l.now())
		l.out.Append(outside, appendRecord(line, r, l.pid, message))
		l.out.Wake()
	case l.w != nil:
		line := append(appendStartup(nil, r, message), '\n')
		l.mu.Lock()
		defer l.mu.Unlock()
		// There is no place left to report that the terminal is gone.
		_, _ = l.w.Write(line)
	}
}

// writeSyslog passes the severity as the line's first byte. httpd: syslog adds
// the time, and gets a notice only when LogLevel allows it.
func (l *ErrorLog) writeSyslog(r *Record, message string) {
	if r.Level == Notice && l.levels != nil && !l.levels.allows(r.Module, r.Level) {
		return
	}
	l.out.Append(outside, appendRecord([]byte{severityByte(r.Level)}, r, l.pid, message))
	l.out.Wake()
}

// appender returns the Appender that l writes to, nil when there is none.
func (l *ErrorLog) appender() *Appender {
	if l == nil {
		return nil
	}
	return l.out
}

// Handler returns the log as a slog.Handler. Attributes with the names of
// Record's fields ("module", "id", "client", "remote", "logid", "referer",
// "err") fill the record; others are appended to the message as name=value.
func (l *ErrorLog) Handler() slog.Handler {
	return &handler{log: l, rec: Record{Module: "core"}}
}
