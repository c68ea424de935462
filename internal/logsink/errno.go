package logsink

import (
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// APR's numbers for conditions that have no errno.
const (
	aprTimeUp = 70007
	aprEOF    = 70014
)

// AppendErrno appends httpd's "(111)Connection refused" for the system error
// in err's chain, and says whether there was one.
func AppendErrno(dst []byte, err error) ([]byte, bool) {
	number, text := errnoOf(err)
	if number == 0 {
		return dst, false
	}
	dst = append(dst, '(')
	dst = strconv.AppendInt(dst, int64(number), 10)
	dst = append(dst, ')')
	// The C library begins its texts with a capital, Go's table does not.
	dst = append(dst, strings.ToUpper(text[:1])...)
	return append(dst, text[1:]...), true
}

func errnoOf(err error) (int, string) {
	var no syscall.Errno
	var timeout interface{ Timeout() bool }
	switch {
	case err == nil:
		return 0, ""
	case errors.As(err, &no) && no != 0:
		return int(no), no.Error()
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return aprTimeUp, "the timeout specified has expired"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return aprEOF, "end of file found"
	}
	return 0, ""
}
