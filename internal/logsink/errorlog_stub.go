package logsink

import "time"

// Record is one error-log event; see the real one.
type Record struct {
	Level   Level
	Module  string
	ID      string
	Client  string
	Remote  string
	LogID   string
	Referer string
	Err     error
}

// ErrorLog is an open error log.
type ErrorLog struct{}

// Logf formats and writes.
func (l *ErrorLog) Logf(r Record, format string, args ...any) {}

// NewID makes an id.
func NewID(t time.Time, serial uint64, request int) []byte { return nil }
