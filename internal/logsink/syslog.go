package logsink

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
)

// facilities are the words of syslog:facility, with their codes.
var facilities = map[string]int{
	"kern": 0, "user": 1, "mail": 2, "daemon": 3, "auth": 4, "syslog": 5, "lpr": 6, "news": 7, "uucp": 8, "cron": 9,
	"authpriv": 10, "ftp": 11, "local0": 16, "local1": 17, "local2": 18, "local3": 19, "local4": 20, "local5": 21,
	"local6": 22, "local7": 23,
}

// syslogSockets are where a syslog daemon may listen.
var syslogSockets = []string{"/dev/log", "/var/run/syslog", "/var/run/log"}

// isSyslog says whether a log goes to syslog.
func isSyslog(dest string) bool { return isWord(dest, "syslog") }

// isMessages says whether each line of a log is a message to a daemon.
func isMessages(dest string) bool { return isSyslog(dest) || isJournal(dest) }

// isWord says whether a destination is a word, alone or with arguments after a
// colon.
func isWord(dest, want string) bool {
	word, _, _ := strings.Cut(dest, ":")
	return ascii.EqualFold(word, want)
}

// syslogName splits syslog[:facility[:tag]]. httpd: an unknown facility counts
// as local7, the default.
func syslogName(dest string) (facility int, tag string) {
	_, rest, _ := strings.Cut(dest, ":")
	word, tag, _ := strings.Cut(rest, ":")
	facility, ok := facilities[ascii.ToLower(word)]
	if !ok {
		facility = facilities["local7"]
	}
	if tag == "" {
		tag = program()
	}
	return facility, tag
}

// program is the name that daemons show for messages of this process.
func program() string { return filepath.Base(os.Args[0]) }

// severityByte returns the first byte of a line for a daemon.
func severityByte(l Level) byte { return '0' + byte(min(l, Debug)) }

// openSyslog returns a sink whose lines are messages of the local form:
// "<priority>date tag[pid]: text".
func openSyslog(dest string, u use, sockets []string) *messageSink {
	facility, tag := syslogName(dest)
	origin := " " + tag + "[" + strconv.Itoa(os.Getpid()) + "]: "
	return newMessageSink(u, sockets, func(dst []byte, severity byte, text []byte) []byte {
		dst = append(dst, '<')
		dst = strconv.AppendInt(dst, int64(facility<<3|int(severity)), 10)
		dst = append(dst, '>')
		dst = time.Now().AppendFormat(dst, time.Stamp)
		dst = append(dst, origin...)
		return append(append(dst, text...), '\n')
	})
}
