package logsink

import (
	"strconv"
	"strings"
	"time"
)

// maxLine is the length of the longest error-log line, its end included.
// httpd: MAX_STRING_LEN.
const maxLine = 8192

// Record is one error-log event. The strings are our own words or are escaped
// on output; Request, Referer and LogID may be empty.
type Record struct {
	Level   Level
	Module  string // without mod_, "core" for the server itself
	ID      string // httpd's message id ("AH01114") or ""
	Client  string // address and port of the client
	Remote  string // address and port of a backend, where there is no client
	Request string // the request: method, path, virtual host, mapping; or ""
	LogID   string // ties the line to the exchange's access line
	Referer string
	Err     error // cause; its errno is printed before the message

	Subject    Subject // the request, for ErrorLogFormat; nil: none
	Connection bool    // it is the first record about its connection,
	First      bool    // about its request
}

// appendTime appends httpd's "[Day Mon dd hh:mm:ss.usec yyyy] ".
func appendTime(dst []byte, t time.Time) []byte {
	return t.Local().AppendFormat(dst, "[Mon Jan 02 15:04:05.000000 2006] ")
}

// appendRecord appends everything after the time, in httpd's default format.
func appendRecord(dst []byte, r *Record, pid int, message string) []byte {
	start := len(dst)
	dst = append(dst, '[')
	dst = append(dst, r.Module...)
	dst = append(dst, ':')
	dst = append(dst, r.Level.String()...)
	dst = append(dst, "] [pid "...)
	dst = strconv.AppendInt(dst, int64(pid), 10)
	dst = append(dst, ":tid "...)
	dst = strconv.AppendInt(dst, int64(ThreadID()), 10)
	dst = append(dst, "] "...)
	dst = appendCause(dst, r.Err)
	switch {
	case r.Client != "":
		dst = appendPeer(dst, "client", r.Client)
	case r.Remote != "":
		dst = appendPeer(dst, "remote", r.Remote)
	}
	dst = appendMessage(dst, r, message)
	if limit := start + maxLine - 64; len(dst) > limit {
		dst = dst[:limit]
	}
	return dst
}

// appendStartup appends the form of a line on a terminal before any log is
// open.
func appendStartup(dst []byte, r *Record, message string) []byte {
	return appendMessage(appendCause(dst, r.Err), r, message)
}

func appendCause(dst []byte, err error) []byte {
	dst, ok := AppendErrno(dst, err)
	if ok {
		dst = append(dst, ": "...)
	}
	return dst
}

// appendPeer appends "[client 1.2.3.4:5] ". httpd: an IPv6 address is printed
// without its own brackets.
func appendPeer(dst []byte, who, addr string) []byte {
	dst = append(dst, '[')
	dst = append(dst, who...)
	dst = append(dst, ' ')
	dst = appendAddress(dst, addr)
	return append(dst, "] "...)
}

func appendAddress(dst []byte, addr string) []byte {
	if strings.HasPrefix(addr, "[") {
		addr = strings.Replace(addr[1:], "]", "", 1)
	}
	return AppendEscaped(dst, addr)
}

// appendMessage appends the message with the parts that describe its request.
func appendMessage(dst []byte, r *Record, message string) []byte {
	dst = appendText(dst, r, message)
	switch {
	case r.Request != "":
		dst = append(dst, " ("...)
		dst = AppendEscaped(dst, r.Request)
		dst = append(dst, ", id "...)
		dst = append(AppendEscaped(dst, r.LogID), ')')
	case r.LogID != "":
		dst = append(dst, " (id "...)
		dst = append(AppendEscaped(dst, r.LogID), ')')
	}
	if r.Referer != "" {
		dst = append(dst, ", referer: "...)
		dst = AppendEscaped(dst, r.Referer)
	}
	return dst
}

// appendText appends the message with its id.
func appendText(dst []byte, r *Record, message string) []byte {
	if r.ID != "" {
		dst = append(dst, r.ID...)
		dst = append(dst, ": "...)
	}
	return AppendEscaped(dst, message)
}
