package cgi

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/conditional"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/wire"
)

// Head collects the head of a program's response, which may come in pieces. The
// zero value is not ready: Reset makes it so.
type Head struct {
	buf    []byte // all of it so far
	line   int    // where its last line begins
	limits wire.ResponseLimits
	stated bool // there was a Status field
}

// MaxDropped limits the body after the head of a response that has none to pass on,
// in bytes: the head waits for the end, but not for ever.
const MaxDropped = 256 << 10

// maxKept is the largest buffer that is kept for the next response.
const maxKept = 64 << 10

// Reset prepares for a response whose lines may have size bytes
// (responsefieldsize=; 0: the default).
func (h *Head) Reset(size int) {
	if cap(h.buf) > maxKept {
		h.buf = nil
	}
	*h = Head{buf: h.buf[:0], limits: wire.NewResponseLimits(size)}
}

// Begun reports whether a part of the head has arrived.
func (h *Head) Begun() bool { return len(h.buf) > 0 }

// Stated reports whether the program set the status itself.
func (h *Head) Stated() bool { return h.stated }

// Add adds bytes of the response up to the end of its head, an empty line, and
// returns how many they are.
func (h *Head) Add(b []byte) (n int, whole bool, err error) {
	for n < len(b) {
		end := bytes.IndexByte(b[n:], '\n')
		if end < 0 {
			h.buf = append(h.buf, b[n:]...)
			return len(b), false, h.check()
		}
		h.buf = append(h.buf, b[n:n+end+1]...)
		n += end + 1
		if err := h.check(); err != nil {
			return n, false, err
		}
		if l := h.buf[h.line:]; len(l) == 1 || len(l) == 2 && l[0] == '\r' {
			return n, true, nil
		}
		h.line = len(h.buf)
	}
	return n, false, nil
}

func (h *Head) check() error {
	switch {
	case len(h.buf)-h.line > h.limits.Field+len("\r\n"):
		return errLine
	case len(h.buf) > h.limits.Total:
		return errSize
	}
	return nil
}

// failure is why a head is refused.
type failure string

func (f failure) Error() string { return string(f) }

const (
	errLine   = failure("a line of the head is longer than the limit")
	errSize   = failure("the head is larger than the limit")
	errStatus = failure("an interim status in the head of a program")
)

// Parse reads the complete head into x.Resp, whose bytes are then the arena's. It
// does what httpd does with it (ap_scan_script_header_err_core_ex): the program's
// Status, one of each field but Set-Cookie, no framing, and conditions of the
// request that the program has left to the server.
//
// length is that of the body, -1 unknown; none: the body is not passed on.
func (h *Head) Parse(x *exchange.Exchange) (length int64, none bool, err error) {
	r := &x.Resp
	if err := wire.ParseFields(x.Arena.Join(h.buf), r); err != nil {
		return 0, false, err
	}
	r.Version, r.Status = message.HTTP11, 200
	if x.Redirected != nil {
		r.Status = x.Redirected.Status // an error page keeps the status of the error
	}
	if err := h.status(r); err != nil {
		return 0, false, err
	}
	length = TrustedLength(x)
	join(x)
	modified(x)
	if !h.stated && r.Status == 200 && (x.Req.Verb == message.GET || x.Req.Verb == message.HEAD) {
		if s := conditional.Judge(x); s != 200 {
			r.Status, none = s, true
		}
	}
	if x.Req.Verb == message.HEAD || message.NoContent(r.Status) {
		none = true
	}
	apart(x)
	return length, none, nil
}

// own are the fields that belong to a response. All others are the server's as well:
// its own pages have them too, and Header needs "always" to change them (httpd:
// err_headers_out).
var own = message.SetOf(message.ContentType, message.ContentLength, message.ContentRange, message.ETag, message.LastModified, message.Location)

// apart puts the fields that are not the response's own with those of every response.
func apart(x *exchange.Exchange) {
	rows := x.Resp.Header.Rows()
	for i := range rows {
		f := &rows[i]
		if f.Flags&(message.Dropped|message.Hop) == 0 && (f.ID == message.Other || message.SetOf(f.ID)&own == 0) {
			x.Always.Append(f.ID, f.Name, f.Value)
			f.Flags |= message.Dropped
		}
	}
}

// TrustedLength returns the length that the head of x.Resp states, -1 for none. As
// the protocol delimits the body, it counts only with the variable
// ap_trust_cgilike_cl, and is dropped otherwise.
func TrustedLength(x *exchange.Exchange) int64 {
	v, ok := x.Resp.Header.Get(message.ContentLength)
	if !ok {
		return -1
	}
	if x.Env.Has("ap_trust_cgilike_cl") {
		if n, rest := ascii.LeadingDigits(string(v)); n >= 0 && rest == "" {
			return n
		}
	}
	x.Resp.Header.DelID(message.ContentLength)
	return -1
}

// status takes the Status field: a number and a reason. httpd: a number that is
// none makes it 500.
func (h *Head) status(r *message.Response) error {
	for i := r.Header.Next(0, "Status"); i >= 0; i = r.Header.Next(i+1, "Status") {
		f := r.Header.At(i)
		f.Flags |= message.Dropped
		h.stated = true
		n, rest := ascii.LeadingDigits(string(f.Value))
		r.Status, r.Reason = int(n), nil
		switch {
		case n >= 100 && n < 200:
			return errStatus
		case n < 200 || n > 999:
			r.Status = 500 // httpd: ap_get_status_line
		case len(rest) > 0 && rest[0] == ' ':
			r.Reason = f.Value[len(f.Value)-len(rest)+1:]
		}
	}
	return nil
}

// single are the fields of which the last one counts.
var single = message.SetOf(message.ContentType, message.Location, message.ContentLength, message.ContentRange, message.ETag, message.LastModified)

var contentType = []byte("Content-Type")

// join makes one field of those that have the same name, but of Set-Cookie.
func join(x *exchange.Exchange) {
	rows := x.Resp.Header.Rows()
	for i := range rows {
		f := &rows[i]
		if f.ID == message.SetCookie || f.Flags&message.Dropped != 0 {
			continue
		}
		for j := i + 1; j < len(rows); j++ {
			o := &rows[j]
			if o.Flags&message.Dropped != 0 || o.ID != f.ID || f.ID == message.Other && !ascii.EqualFoldBytes(o.Name, string(f.Name)) {
				continue
			}
			if message.SetOf(f.ID)&single != 0 && f.ID != message.Other {
				f.Value = o.Value
			} else {
				f.Value = x.Arena.Join(f.Value, separator, o.Value)
			}
			o.Flags |= message.Dropped
		}
		if f.ID == message.ContentType { // httpd prints it itself; PHP spells it Content-type
			f.Name, f.Value = contentType, lowerType(x, f.Value)
		}
	}
}

// lowerType makes a type lower case up to its parameters.
func lowerType(x *exchange.Exchange, v []byte) []byte {
	end := bytes.IndexByte(v, ';')
	if end < 0 {
		end = len(v)
	}
	for _, c := range v[:end] {
		if ascii.Lower(c) != c {
			v = x.Arena.Join(v)
			ascii.LowerBytes(v[:end])
			break
		}
	}
	return v
}

// modified makes Last-Modified a date that is not in the future, or drops it.
func modified(x *exchange.Exchange) {
	v, ok := x.Resp.Header.Get(message.LastModified)
	if !ok {
		return
	}
	t, ok := conditional.ParseDate(v)
	if !ok {
		x.Resp.Header.DelID(message.LastModified)
		return
	}
	if now := x.Times.Start; t.After(now) && !now.IsZero() {
		t = now
	}
	x.Resp.Header.SetID(message.LastModified, t.UTC().AppendFormat(x.Arena.Alloc(len(conditional.Fixdate)), conditional.Fixdate))
}
