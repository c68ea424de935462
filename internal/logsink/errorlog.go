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
	form   ErrorFormats
	name   string // of the server

	mu lock.Mutex // guards w
	w  io.Writer  // where out is nil: written to at once
}

// NewErrorLog returns an error log over an open destination.
func NewErrorLog(out *Appender, levels *Levels) *ErrorLog {
	return &ErrorLog{out: out, levels: levels, now: out.reg.now, pid: os.Getpid()}
}

// ErrorFormats are the formats of one server's error log: ErrorLogFormat.
type ErrorFormats struct {
	Main       *ErrorFormat   // nil: the default
	Connection []*ErrorFormat // lines before the first message about a connection,
	Request    []*ErrorFormat // about a request
}

// NewFormatted is NewErrorLog with formats, and the server's name for them.
func NewFormatted(out *Appender, levels *Levels, form ErrorFormats, name string) *ErrorLog {
	l := NewErrorLog(out, levels)
	l.form, l.name = form, name
	return l
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
	case l.out != nil:
		// httpd: syslog gets a notice only when LogLevel allows it.
		if l.out.terse && r.Level == Notice && l.levels != nil && !l.levels.allows(r.Module, r.Level) {
			return
		}
		if r.Connection {
			about := *r
			about.Subject, about.Request = connection{r.Subject}, ""
			l.once(l.form.Connection, &about)
		}
		if r.First {
			l.once(l.form.Request, r)
		}
		l.out.Append(outside, l.line(r, message))
		l.out.Wake()
	case l.w != nil:
		line := append(appendStartup(nil, r, message), '\n')
		l.mu.Lock()
		defer l.mu.Unlock()
		// There is no place left to report that the terminal is gone.
		_, _ = l.w.Write(line)
	}
}

// connection is what lines about a connection can show of a subject.
type connection struct{ Subject }

// AppendErrorItem implements Subject.
func (c connection) AppendErrorItem(dst []byte, letter byte, arg string) []byte {
	switch {
	case letter == 'a':
		arg = "c"
	case letter != 'A' && letter != 'k' && letter != 'v':
		return dst
	}
	return c.Subject.AppendErrorItem(dst, letter, arg)
}

// once writes the lines about a connection or a request.
func (l *ErrorLog) once(formats []*ErrorFormat, r *Record) {
	about := *r
	about.Module, about.Err, r = "", nil, &about // httpd: these are of the message
	for _, f := range formats {
		start := l.begin(r)
		if line := f.append(start, l, r, ""); len(line) > len(start) {
			l.out.Append(outside, line)
		}
	}
}

// line returns the line of a record.
func (l *ErrorLog) line(r *Record, message string) []byte {
	line := l.begin(r)
	switch {
	case l.form.Main != nil:
		return l.form.Main.append(line, l, r, message)
	case !l.out.levelled: // syslog adds the time itself
		line = appendTime(line, l.now())
	}
	return appendRecord(line, r, l.pid, message)
}

// begin returns the beginning of a line: its severity, where the destination
// requires it.
func (l *ErrorLog) begin(r *Record) []byte {
	if l.out.levelled {
		return []byte{severityByte(r.Level)}
	}
	return nil
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
