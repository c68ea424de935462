package wire

import "bytes"

// HeadScan finds the end of a head while it arrives. The zero value begins a
// head; it is zero again when the end was found. Bytes before the end must keep
// their offset from the start of buf between calls.
//
// The verdict depends on the bytes alone, not on the pieces in which they
// arrive. The parser decides what a line means; the scan checks only what
// allows a refusal before the head is complete.
type HeadScan struct {
	line   int // start of the first incomplete line
	size   int // bytes and costs of the lines before it
	fields int
	first  bool // the first line is complete
	tried  bool // the one pass of ReadRequest was tried
}

// Request scans a request head in buf. It returns the length of the head with
// its empty line, 0 when more bytes are needed, or a *Bad. One empty line
// before the request line is skipped and counts as part of the head (RFC 9112
// section 2.2).
func (s *HeadScan) Request(buf []byte, lim *Limits) (int, error) {
	if !s.first {
		if err := s.requestLine(buf, lim); err != nil || !s.first {
			return 0, err
		}
	}
	for {
		rest := buf[s.line:]
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return 0, s.partial(rest, lim.Field, errFieldSize)
		}
		n := i // length of the line without its end
		if i > 0 && rest[i-1] == '\r' {
			n--
		}
		if n > lim.Field {
			return 0, errFieldSize
		}
		if n == i {
			return 0, errBareLF
		}
		if n > 0 && rest[0] == '\r' { // CR CR LF: meant as the end, and no other end follows
			return 0, errBareCR
		}
		s.line += i + 1
		if n == 0 {
			end := s.line
			*s = HeadScan{}
			return end, nil
		}
		if err := s.count(n, lim); err != nil {
			return 0, err
		}
	}
}

// requestLine scans the first line. Its bytes are checked here too: the server
// must not wait for a peer that speaks another protocol.
func (s *HeadScan) requestLine(buf []byte, lim *Limits) error {
	if len(buf) > 0 && buf[0] == '\r' && s.line == 0 {
		if len(buf) == 1 {
			return nil
		}
		if buf[1] != '\n' {
			return errBareCR
		}
		s.line = 2
	}
	rest := buf[s.line:]
	i := valueEnd(rest, 0)
	if i > lim.Line {
		return errLineSize
	}
	if i == len(rest) {
		return nil
	}
	switch {
	case rest[i] == '\n':
		return errBareLF
	case rest[i] != '\r':
		return errControl
	case i+1 == len(rest):
		return nil
	case rest[i+1] != '\n':
		return errBareCR
	case i == 0:
		return errEmptyLines
	}
	// HTTP/0.9 sends nothing more and waits.
	if i < len(lineEnding) || string(rest[i-len(lineEnding):i-3]) != lineEnding[:5] {
		return errSimple
	}
	s.line += i + 2
	s.size = i
	s.first = true
	return nil
}

// lineEnding is the form of the end of a request line.
const lineEnding = "HTTP/1.1"

// partial checks a line whose end has not arrived yet.
func (s *HeadScan) partial(rest []byte, limit int, over error) error {
	n := len(rest)
	if n > 0 && rest[n-1] == '\r' {
		n--
	}
	if n > limit {
		return over
	}
	return nil
}

// count adds a field line of n bytes.
func (s *HeadScan) count(n int, lim *Limits) error {
	s.fields++
	s.size += n + fieldCost
	if lim.Fields > 0 && s.fields > lim.Fields {
		return errFieldCount
	}
	if lim.Total > 0 && s.size > lim.Total {
		return errHeadSize
	}
	return nil
}

// statusStart is the beginning of everything that can be read as a response.
const statusStart = "HTTP/1."

// Response scans a response head in buf, with or without CR at the ends of its
// lines, and returns what Request returns. With BadStartBody the head also ends
// before the first line that is not a field, and then lacks its empty line.
func (s *HeadScan) Response(buf []byte, lim *ResponseLimits) (int, error) {
	for {
		rest := buf[s.line:]
		i := bytes.IndexByte(rest, '\n')
		if !s.first {
			if err := s.statusLine(rest, i, lim); err != nil || i < 0 {
				return 0, err
			}
			s.line += i + 1
			continue
		}
		if i < 0 {
			return 0, s.partial(rest, lim.Field, errFieldSize)
		}
		n := i
		if i > 0 && rest[i-1] == '\r' {
			n--
		}
		if n > lim.Field {
			return 0, errFieldSize
		}
		if n > 0 && lim.BadHeader == BadStartBody && endsHead(rest[:n]) {
			n, i = 0, -1
		}
		s.line += i + 1
		if n == 0 {
			end := s.line
			*s = HeadScan{}
			return end, nil
		}
		if err := s.count(n, &lim.Limits); err != nil {
			return 0, err
		}
	}
}

// endsHead reports whether a line is neither a field nor the rest of one.
func endsHead(line []byte) bool {
	return !isBlank(line[0]) && bytes.IndexByte(line, ':') < 0
}

// statusLine checks the first line, or the one empty line before it. i is the
// position of its LF, -1 when it has not arrived.
func (s *HeadScan) statusLine(rest []byte, i int, lim *ResponseLimits) error {
	n := len(rest)
	if i >= 0 {
		n = i
	}
	if s.line == 0 && (n == 0 || (n == 1 && rest[0] == '\r')) {
		return nil
	}
	if n > lim.Line+1 {
		return errStatusSize
	}
	m := min(n, len(statusStart))
	if string(rest[:m]) != statusStart[:m] || (i >= 0 && m < len(statusStart)) {
		return errStatusMajor
	}
	s.first = i >= 0
	s.size = n
	return nil
}

// FirstLine returns the request line of a refused head, for a log: at most
// limit bytes, up to the first control character.
func FirstLine(buf []byte, limit int) []byte {
	for len(buf) > 0 && (buf[0] == '\r' || buf[0] == '\n') {
		buf = buf[1:]
	}
	buf = buf[:min(len(buf), max(limit, 0))]
	return buf[:valueEnd(buf, 0)]
}
