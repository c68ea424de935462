package logsink

import (
	"bytes"
	"errors"
	"log/syslog"
	"os"
	"path/filepath"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// facilities are the words of ErrorLog syslog:facility.
var facilities = map[string]syslog.Priority{
	"auth": syslog.LOG_AUTH, "authpriv": syslog.LOG_AUTHPRIV, "cron": syslog.LOG_CRON,
	"daemon": syslog.LOG_DAEMON, "ftp": syslog.LOG_FTP, "kern": syslog.LOG_KERN, "lpr": syslog.LOG_LPR,
	"mail": syslog.LOG_MAIL, "news": syslog.LOG_NEWS, "syslog": syslog.LOG_SYSLOG, "user": syslog.LOG_USER,
	"uucp": syslog.LOG_UUCP, "local0": syslog.LOG_LOCAL0, "local1": syslog.LOG_LOCAL1,
	"local2": syslog.LOG_LOCAL2, "local3": syslog.LOG_LOCAL3, "local4": syslog.LOG_LOCAL4,
	"local5": syslog.LOG_LOCAL5, "local6": syslog.LOG_LOCAL6, "local7": syslog.LOG_LOCAL7,
}

// isSyslog says whether an ErrorLog goes to syslog.
func isSyslog(dest string) bool {
	word, _, _ := strings.Cut(dest, ":")
	return ascii.EqualFold(word, "syslog")
}

// syslogName splits syslog[:facility[:tag]]. httpd: an unknown facility counts
// as local7, the default.
func syslogName(dest string) (syslog.Priority, string) {
	_, rest, _ := strings.Cut(dest, ":")
	word, tag, _ := strings.Cut(rest, ":")
	facility, ok := facilities[ascii.ToLower(word)]
	if !ok {
		facility = syslog.LOG_LOCAL7
	}
	if tag == "" {
		tag = filepath.Base(os.Args[0])
	}
	return facility, tag
}

// severityByte returns the first byte of a line for syslog.
func severityByte(l Level) byte { return '0' + byte(min(l, Debug)) }

// syslogWriter is the part of *syslog.Writer that syslogSink needs.
type syslogWriter interface {
	Emerg(m string) error
	Alert(m string) error
	Crit(m string) error
	Err(m string) error
	Warning(m string) error
	Notice(m string) error
	Info(m string) error
	Debug(m string) error
	Close() error
}

// syslogSink sends each line as a message of the severity in its first byte.
type syslogSink struct{ w syslogWriter }

func openSyslog(dest string) (*syslogSink, error) {
	facility, tag := syslogName(dest)
	w, err := syslog.New(facility|syslog.LOG_NOTICE, tag)
	if err != nil {
		return nil, err
	}
	return &syslogSink{w}, nil
}

func (s *syslogSink) write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		end := bytes.IndexByte(p[n:], '\n')
		if end < 1 {
			return n, errors.New("not a line with severity")
		}
		line := p[n : n+end]
		if err := s.send(line[0], string(line[1:])); err != nil {
			return n, err
		}
		n += end + 1
	}
	return n, nil
}

func (s *syslogSink) send(severity byte, m string) error {
	switch Level(severity - '0') {
	case Emerg:
		return s.w.Emerg(m)
	case Alert:
		return s.w.Alert(m)
	case Crit:
		return s.w.Crit(m)
	case Error:
		return s.w.Err(m)
	case Warn:
		return s.w.Warning(m)
	case Notice:
		return s.w.Notice(m)
	case Info:
		return s.w.Info(m)
	}
	return s.w.Debug(m)
}

func (s *syslogSink) reopen() (bool, error) { return false, nil }
func (s *syslogSink) hurry()                {}
func (s *syslogSink) force()                {}
func (s *syslogSink) close() error          { return s.w.Close() }
