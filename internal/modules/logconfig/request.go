package logconfig

import (
	"bytes"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

func method(dst []byte, x *exchange.Exchange) []byte { return appendOr(dst, x.Req.Method) }

func filename(dst []byte, x *exchange.Exchange) []byte { return appendOr(dst, x.ShownFilename()) }

// requestLine is the line as sent. httpd: a password in an absolute target is
// not shown.
func requestLine(dst []byte, x *exchange.Exchange) []byte {
	line := x.Req.Line
	if x.Req.Form == message.AbsoluteForm {
		if from, to, ok := password(line, x.Req.Auth); ok {
			dst = appendEscaped(dst, line[:from])
			dst = append(dst, "XXXXXXXX"...)
			return appendEscaped(dst, line[to:])
		}
	}
	return appendOr(dst, line)
}

// password finds the password of an authority in line.
func password(line, authority []byte) (from, to int, ok bool) {
	at := bytes.LastIndexByte(authority, '@')
	if at < 0 {
		return 0, 0, false
	}
	colon := bytes.IndexByte(authority[:at], ':')
	start := bytes.Index(line, authority)
	if colon < 0 || start < 0 {
		return 0, 0, false
	}
	return start + colon + 1, start + at, true
}

func protocol(dst []byte, x *exchange.Exchange) []byte {
	v := x.Req.Version
	if v == 0 {
		return append(dst, '-')
	}
	return append(dst, 'H', 'T', 'T', 'P', '/', '0'+byte(v/10), '.', '0'+byte(v%10))
}

// path is the decoded path.
func path(dst []byte, x *exchange.Exchange) []byte {
	if len(x.Path) > 0 {
		return appendEscaped(dst, x.Path)
	}
	// The request was refused before its path was decoded.
	return appendOr(dst, x.Req.Path)
}

// query is the query with its question mark, nothing without one.
func query(dst []byte, x *exchange.Exchange) []byte {
	if !x.HasArgs {
		return dst
	}
	return appendEscaped(append(dst, '?'), x.Args)
}
