package wire

import (
	"math/bits"

	"github.com/headgate/headgate/internal/message"
)

// Most heads are complete at the first look, and plain: no line is empty, folded
// or without CR, and nothing in them is refused. ReadRequest and ReadResponse
// read such a head in one pass. The pass only accepts; any other head is scanned
// and parsed as if the pass had not been tried, so that every refusal comes from
// one place.

// ReadRequest is Request and ParseRequest in one. It returns the length of the
// head, 0 when more bytes are needed or the head was refused before its end was
// seen. With n > 0 the error is that of ParseRequest. Until the head is
// complete r is empty.
func (s *HeadScan) ReadRequest(buf []byte, r *message.Request, lim *Limits) (n int, err error) {
	if !s.tried && len(buf) > 0 {
		s.tried = true
		if n, err = plainRequest(buf, r, lim); n > 0 {
			*s = HeadScan{}
			return n, err
		}
		r.Reset()
	}
	if n, err = s.Request(buf, lim); n == 0 || err != nil {
		return 0, err
	}
	return n, ParseRequest(buf[:n], r, lim)
}

// ReadResponse is Response and ParseResponse in one, as ReadRequest is for
// requests.
func (s *HeadScan) ReadResponse(buf []byte, r *message.Response, lim *ResponseLimits) (n int, err error) {
	if !s.tried && len(buf) > 0 {
		s.tried = true
		if n, err = plainResponse(buf, r, &lim.Limits); n > 0 {
			*s = HeadScan{}
			return n, err
		}
		r.Reset()
	}
	if n, err = s.Response(buf, lim); n == 0 || err != nil {
		return 0, err
	}
	return n, ParseResponse(buf[:n], r, lim)
}

// plainRequest reads the head at the start of b. It returns 0 when it is not
// plain.
func plainRequest(b []byte, r *message.Request, lim *Limits) (int, error) {
	r.Reset()
	i := plainRequestLine(b, r, lim)
	if i == 0 {
		return 0, nil
	}
	end := plainFields(b, i, &r.Header, lim)
	if end == 0 || lim.Total > 0 && headSize(end, r.Header.Len()) > lim.Total {
		return 0, nil
	}
	return end, judgeRequest(r)
}

// plainResponse reads the head at the start of b. It returns 0 when it is not
// plain.
func plainResponse(b []byte, r *message.Response, lim *Limits) (int, error) {
	r.Reset()
	i := plainStatusLine(b, r, lim)
	if i == 0 {
		return 0, nil
	}
	end := plainFields(b, i, &r.Header, lim)
	if end == 0 || lim.Total > 0 && headSize(end, r.Header.Len())+1 > lim.Total { // HeadScan counts the CR of a status line
		return 0, nil
	}
	options, err := MarkHop(&r.Header)
	if err != nil {
		return end, err
	}
	r.Close = closes(r.Version, options)
	return end, nil
}

// headSize returns the size of a head of n bytes for Limits.Total: its lines
// without their ends, and the cost of its fields.
func headSize(n, fields int) int { return n - len(crlf)*(fields+2) + fieldCost*fields }

// The two versions as load reads them.
const (
	http11 = 0x312e312f50545448
	http10 = 0x302e312f50545448
)

// plainRequestLine reads the first line of b and returns where the next begins.
func plainRequestLine(b []byte, r *message.Request, lim *Limits) int {
	i := 0
	for i < len(b) && class[b[i]]&isToken != 0 {
		i++
	}
	if i == 0 || i > maxMethod || i >= len(b) || b[i] != ' ' {
		return 0
	}
	stop := targetEnd(b, i+1)
	end := stop + len(" HTTP/1.1")
	if end+len(crlf) > len(b) || end > lim.Line || b[stop] != ' ' || b[end] != '\r' || b[end+1] != '\n' {
		return 0
	}
	switch load(b, stop+1) {
	case http11:
		r.Version = message.HTTP11
	case http10:
		r.Version = message.HTTP10
	default:
		return 0
	}
	r.Line, r.Method, r.Target = b[:end:end], b[:i:i], b[i+1:stop:stop]
	if !lim.allows(r.Method) {
		return 0
	}
	r.Verb = message.MethodOf(r.Method)
	if target(r) != nil {
		return 0
	}
	return end + len(crlf)
}

// plainStatusLine is plainRequestLine for a response.
func plainStatusLine(b []byte, r *message.Response, lim *Limits) int {
	const reason = len("HTTP/1.1 200 ")
	if len(b) < reason || b[8] != ' ' || b[12] != ' ' {
		return 0
	}
	switch load(b, 0) {
	case http11:
		r.Version = message.HTTP11
	case http10:
		r.Version = message.HTTP10
	default:
		return 0
	}
	d1, d2, d3 := b[9]-'0', b[10]-'0', b[11]-'0'
	if d1-1 > 8 || d2 > 9 || d3 > 9 {
		return 0
	}
	r.Status = int(d1)*100 + int(d2)*10 + int(d3)
	end := reason
	for end < len(b) && b[end] >= ' ' && b[end] != 0x7f {
		end++
	}
	if end+1 >= len(b) || end > lim.Line || b[end] != '\r' || b[end+1] != '\n' {
		return 0
	}
	r.Reason = b[reason:end:end]
	return end + len(crlf)
}

// colonAt returns the index of the first colon at or after i, -1 when there is
// none or too few bytes are left.
func colonAt(b []byte, i int) int {
	for i >= 0 && i <= len(b)-8 {
		if m := equal(load(b, i), ':'); m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
		i += 8
	}
	return -1
}

// plainFields reads the lines of b from i up to and including the empty line
// into h and returns the index after it, 0 when one of them is not plain.
func plainFields(b []byte, i int, h *message.Header, lim *Limits) int {
	for fields := 0; ; fields++ {
		if i+1 >= len(b) {
			return 0
		}
		if b[i] == '\r' {
			if b[i+1] != '\n' {
				return 0
			}
			return i + len(crlf)
		}
		start := i
		if i = colonAt(b, i); i < 0 {
			return 0
		}
		name := b[start:i]
		id := message.IDOf(name)
		if id == message.Other && !ValidName(name) {
			return 0
		}
		for i++; i < len(b) && isBlank(b[i]); i++ {
		}
		value := i
		i = valueEnd(b, i)
		if i+1 >= len(b) || b[i] != '\r' || b[i+1] != '\n' || i-start > lim.Field {
			return 0
		}
		end := i
		for end > value && isBlank(b[end-1]) {
			end--
		}
		if lim.Fields > 0 && fields >= lim.Fields {
			return 0
		}
		h.Append(id, name, b[value:end:end])
		i += len(crlf)
	}
}
