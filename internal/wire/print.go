package wire

import (
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/message"
)

// The printers append to dst and check nothing: bytes that a parser accepted
// may be printed, and an edit checks its bytes with ValidName, ValidValue or
// ValidTarget.

const crlf = "\r\n"

// MaxChunkHead is the most bytes that AppendChunkHead appends.
const MaxChunkHead = maxChunkDigits + len(crlf)

// AppendRequestLine appends "METHOD target HTTP/1.x".
func AppendRequestLine(dst, method, target []byte, v message.Version) []byte {
	dst = append(dst, method...)
	dst = append(dst, ' ')
	dst = append(dst, target...)
	if v == message.HTTP10 {
		return append(dst, " HTTP/1.0\r\n"...)
	}
	return append(dst, " HTTP/1.1\r\n"...)
}

// AppendStatusLine appends "HTTP/1.x NNN reason". A nil reason means the
// default one, an empty one means none.
func AppendStatusLine(dst []byte, v message.Version, status int, reason []byte) []byte {
	if v == message.HTTP10 {
		dst = append(dst, "HTTP/1.0 "...)
	} else {
		dst = append(dst, "HTTP/1.1 "...)
	}
	dst = append(dst, byte('0'+status/100%10), byte('0'+status/10%10), byte('0'+status%10), ' ')
	if reason == nil {
		dst = append(dst, StatusText(status)...)
	}
	dst = append(dst, reason...)
	return append(dst, crlf...)
}

// AppendField appends one field line.
func AppendField(dst []byte, name string, value []byte) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, crlf...)
}

// AppendLength appends a Content-Length line.
func AppendLength(dst []byte, n int64) []byte {
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, crlf...)
}

// AppendKeepAlive appends the value of a Keep-Alive field: for how long the
// connection may be idle, and how many further requests of the limit the
// connection may have, of which it had n; 0: there is no limit.
func AppendKeepAlive(dst []byte, timeout time.Duration, limit, n int) []byte {
	dst = append(dst, "timeout="...)
	dst = strconv.AppendInt(dst, int64(timeout/time.Second), 10)
	if limit > 0 {
		dst = append(dst, ", max="...)
		dst = strconv.AppendInt(dst, int64(limit-n+1), 10)
	}
	return dst
}

// AppendHeader appends the fields of h in order, without the dropped ones,
// those with a flag of skip, and the empty line.
//
// Bytes that are in memory as they are to be printed are copied unchanged, runs
// of lines together: fields that were read and not changed borrow from one
// head.
func AppendHeader(dst []byte, h *message.Header, skip message.Flag) []byte {
	skip |= message.Dropped
	var run []byte
	rows := h.Rows()
	for i := range rows {
		f := &rows[i]
		if f.Flags&skip != 0 {
			continue
		}
		line := lineOf(f)
		if line == nil {
			dst = appendLine(append(dst, run...), f)
			run = nil
			continue
		}
		if n := len(run); n > 0 && cap(run)-n >= len(line) && &run[:n+1][n] == &line[0] {
			run = run[:n+len(line)]
			continue
		}
		dst = append(dst, run...)
		run = line
	}
	return append(dst, run...)
}

// lineOf returns the line "name: value CRLF" that a field borrows from, nil when
// its name and value are not in one line.
func lineOf(f *message.Field) []byte {
	n, m := len(f.Name), len(f.Value)
	if m == 0 || cap(f.Name)-n < m+4 {
		return nil
	}
	rest := f.Name[n : n+m+4] // ": value CRLF"
	if &rest[2] != &f.Value[0] || string(rest[:2]) != ": " || string(rest[m+2:m+4]) != crlf {
		return nil
	}
	return f.Name[:n+m+4]
}

// AppendEnd appends the empty line that ends a head.
func AppendEnd(dst []byte) []byte { return append(dst, crlf...) }

// AppendChunkHead appends the size line of a chunk of n bytes; n is not 0,
// which would end the body. AppendChunkEnd must follow the data.
func AppendChunkHead(dst []byte, n int64) []byte {
	return append(strconv.AppendInt(dst, n, 16), crlf...)
}

// AppendChunkEnd appends the line end after a chunk's data.
func AppendChunkEnd(dst []byte) []byte { return append(dst, crlf...) }

// AppendLastChunk ends a chunked body with those fields of trailer that are
// allowed as trailers; trailer may be nil.
func AppendLastChunk(dst []byte, trailer *message.Header) []byte {
	dst = append(dst, "0\r\n"...)
	if trailer != nil {
		for i := range trailer.Len() {
			f := trailer.At(i)
			if f.Flags&(message.Dropped|message.Hop) == 0 && !notInTrailer[f.ID] {
				dst = appendLine(dst, f)
			}
		}
	}
	return append(dst, crlf...)
}

// appendLine appends one row of a table as a line.
func appendLine(dst []byte, f *message.Field) []byte {
	dst = append(dst, f.Name...)
	dst = append(dst, ": "...)
	dst = append(dst, f.Value...)
	return append(dst, crlf...)
}
