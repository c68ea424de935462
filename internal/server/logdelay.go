package server

import (
	"fmt"
	"os"
	"time"
)

// EnvLogDelay names the variable that sets how late a line may be in its log.
const EnvLogDelay = "HEADGATE_LOG_DELAY"

// maxLogDelay bounds what EnvLogDelay may ask for.
const maxLogDelay = time.Minute

// logDelay returns the delay that EnvLogDelay asks for, 0 for the usual one.
func logDelay() (time.Duration, error) {
	text := os.Getenv(EnvLogDelay)
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Millisecond || d > maxLogDelay {
		return 0, fmt.Errorf("%s=%s: a time from 1ms to %s is required", EnvLogDelay, text, maxLogDelay)
	}
	return d, nil
}

// EnvSyslog and EnvJournal name the variables with the socket that messages for
// syslog and journald go to, where it is not the usual one.
const (
	EnvSyslog  = "HEADGATE_SYSLOG_SOCKET"
	EnvJournal = "HEADGATE_JOURNAL_SOCKET"
)

// socketOf returns the path in a variable, nil if it is not set.
func socketOf(env string) []string {
	if path := os.Getenv(env); path != "" {
		return []string{path}
	}
	return nil
}
