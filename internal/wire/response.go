package wire

import "github.com/headgate/headgate/internal/message"

// ParseResponse reads the complete head buf, as HeadScan.Response found it,
// into r, which is reset first. Folded field lines are joined inside buf.
// FrameResponse, which knows the request, decides the framing. The error is
// always a *Bad and means 502.
//
// r.Close is set if the peer said so, or if its bytes were accepted only by
// leniency.
func ParseResponse(buf []byte, r *message.Response, lim *ResponseLimits) error {
	r.Reset()
	i := 0
	switch {
	case len(buf) > 0 && buf[0] == '\n':
		i = 1
	case len(buf) > 1 && buf[0] == '\r' && buf[1] == '\n':
		i = 2
	}
	f := fieldReader{header: &r.Header, lenient: true, folds: true, noColon: lim.BadHeader}
	lead := i > 0
	i, err := statusLine(buf, i, r, &f)
	if err != nil {
		return err
	}
	if i, err = f.read(buf, i); err != nil {
		return err
	}
	if i != len(buf) {
		return errSurplus
	}
	options, err := MarkHop(&r.Header)
	if err != nil {
		return err
	}
	r.Close = closes(r.Version, options) || f.bareLF || lead
	return nil
}

// ParseFields reads buf, the complete head of a response that has no status line
// (RFC 3875 section 6.2), into r, which is reset first. The caller sets version
// and status. Fields that frame a message or belong to a connection get the flag
// Hop.
func ParseFields(buf []byte, r *message.Response) error {
	r.Reset()
	f := fieldReader{header: &r.Header, lenient: true}
	i, err := f.read(buf, 0)
	switch {
	case err != nil:
		return err
	case i != len(buf):
		return errSurplus
	}
	_, err = MarkHop(&r.Header)
	return err
}

// statusLine reads "HTTP/1.x NNN reason"; the reason and its space may be
// missing. A reason contains no controls, tab included.
func statusLine(b []byte, i int, r *message.Response, f *fieldReader) (int, error) {
	const status = len(statusStart) + 2 // after "HTTP/1.x "
	stop := valueEnd(b, i)
	end, next, err := f.lineEnd(b, stop)
	if err != nil {
		return 0, err
	}
	line := b[i:end:end]
	if len(line) < status+3 || string(line[:len(statusStart)]) != statusStart ||
		class[line[status-2]]&isDigit == 0 || line[status-1] != ' ' {
		return 0, errStatusLine
	}
	r.Version = message.HTTP11
	if line[status-2] == '0' {
		r.Version = message.HTTP10
	}
	for _, c := range line[status : status+3] {
		if class[c]&isDigit == 0 {
			return 0, errStatusLine
		}
		r.Status = r.Status*10 + int(c-'0')
	}
	reason := line[status+3:]
	if len(reason) > 0 {
		if reason[0] != ' ' {
			return 0, errStatusLine
		}
		reason = reason[1:]
	}
	for _, c := range reason {
		if c == '\t' {
			return 0, errStatusLine
		}
	}
	if r.Status < 100 {
		return 0, errStatusLine
	}
	r.Reason = reason
	return next, nil
}
