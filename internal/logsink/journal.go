package logsink

import (
	"bytes"
	"encoding/binary"
	"strings"
)

// journalSockets is where systemd-journald listens for its own protocol.
var journalSockets = []string{"/run/systemd/journal/socket"}

// isJournal says whether a log goes to systemd-journald: "journald" or
// "journald:name".
func isJournal(dest string) bool { return isWord(dest, "journald") }

// openJournal returns a sink whose lines are entries of the journal. The field LOG
// has the name after the colon, as that of httpd's mod_journald.
func openJournal(dest string, u use, sockets []string) *messageSink {
	_, name, _ := strings.Cut(dest, ":")
	if name == "" {
		name = map[use]string{accessLog: "access_log", errorLog: "error_log"}[u]
	}
	common := appendJournalField(nil, "SYSLOG_IDENTIFIER", []byte(program()))
	common = appendJournalField(common, "LOG", []byte(name))
	return newMessageSink(u, sockets, func(dst []byte, severity byte, text []byte) []byte {
		// httpd: emerg would be shown on all terminals.
		dst = append(dst, "PRIORITY="...)
		dst = append(dst, '0'+max(severity, byte(Alert)), '\n')
		dst = append(dst, common...)
		return appendJournalField(dst, "MESSAGE", text)
	})
}

// appendJournalField appends a field: a value of several lines has its length
// before it.
func appendJournalField(dst []byte, name string, value []byte) []byte {
	dst = append(dst, name...)
	if bytes.IndexByte(value, '\n') < 0 {
		dst = append(dst, '=')
		return append(append(dst, value...), '\n')
	}
	dst = append(dst, '\n')
	dst = binary.LittleEndian.AppendUint64(dst, uint64(len(value)))
	return append(append(dst, value...), '\n')
}
