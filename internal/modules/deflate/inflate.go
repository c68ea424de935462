package deflate

import (
	"bytes"
	"errors"
	"io"
	"sync"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/coding"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/gunzip"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
)

// decoders lends decoders: each has a fixed 80 KiB.
var decoders = sync.Pool{New: func() any { return gunzip.New() }}

// pieces are decoded so many bytes at a time: the burst of the ratio counts them
// (httpd: DEFAULT_BUFFERSIZE).
const pieces = 8096

// pauses: a body that expands a lot leaves the loop to others after so many bytes.
const pauses = 64 << 10

// meter watches how a body expands (httpd: check_ratio).
type meter struct {
	in   uint64
	hits int
}

// over reports whether too many pieces in turn were too large for their input.
func (m *meter) over(c *dirConf, expanded uint64) bool {
	if m.in == 0 || expanded/m.in < uint64(c.ratio) {
		m.hits = 0
		return false
	}
	m.hits++
	return m.hits > c.burst
}

// outermost finds out whether the outermost coding of a message is gzip, and removes
// it from Content-Encoding (httpd: check_gzip).
func outermost(x *exchange.Exchange, h *message.Header) bool {
	list, ok := h.Get(message.ContentEncoding)
	if !ok {
		return false
	}
	for {
		i := bytes.LastIndexByte(list, ',')
		token := bytes.TrimLeft(list[i+1:], " \t")
		switch {
		case ascii.EqualFoldBytes(token, []byte("gzip")), ascii.EqualFoldBytes(token, []byte("x-gzip")):
			if i < 0 {
				h.DelID(message.ContentEncoding)
			} else {
				h.SetID(message.ContentEncoding, x.Arena.Join(list[:i]))
			}
			return true
		case i < 0 || len(token) > 0 && !ascii.EqualFoldBytes(token, []byte("identity")):
			return false
		}
		list = list[:i]
	}
}

// inflate is the filter INFLATE.
type inflate struct {
	tag    coding.Tag
	limits dirConf
}

// inflating is the state of one response.
type inflating struct {
	d     *gunzip.Decoder
	meter meter
	ended bool
	raw   bool // it was not deflated: it passes as it is
}

// Head implements exchange.Filter.
func (f *inflate) Head(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	h := &x.Resp.Header
	if x.Redirected != nil || x.Resp.Status == 204 || h.Has(message.ContentRange) {
		return exchange.Declines, nil
	}
	if !outermost(x, h) && (h.Has(message.ContentEncoding) || !outermost(x, &x.Always)) {
		return exchange.Declines, nil
	}
	f.tag.Alter(x, "gunzip")
	if x.NoBody() { // as far as a head can tell
		h.DelID(message.ContentLength)
		h.Del("Content-MD5")
		return exchange.Declines, nil
	}
	d := decoders.Get().(*gunzip.Decoder)
	d.Reset()
	s.State = &inflating{d: d}
	return exchange.Changes | exchange.OwnTag, nil
}

// Body implements exchange.Filter.
func (f *inflate) Body(x *exchange.Exchange, slot *exchange.Slot, p []byte, op exchange.Op, next exchange.Sink) error {
	s := slot.State.(*inflating)
	if s.raw || s.ended { // what follows the compressed data is dropped
		if s.ended {
			p = nil
		}
		return next.Write(x, p, op)
	}
	buf := x.Loop.Buffer()
	defer x.Loop.Return(buf)
	out := buf.Bytes[:pieces]
	for since := 0; ; {
		n, used, err := s.d.Decode(out, p)
		s.meter.in += uint64(used)
		p = p[used:]
		if n > 0 && s.meter.over(&f.limits, s.d.Expanded()) {
			return f.fail("AH02650", "Inflated content ratio is larger than the configured limit")
		}
		switch {
		case errors.Is(err, io.EOF):
			s.ended = true
			return next.Write(x, out[:n], op)
		case errors.Is(err, gunzip.ErrMethod):
			return f.pass(x, s, p, op, next)
		case err != nil:
			return f.fail(messages[err], "inflate: "+err.Error())
		case n < len(out): // the input is used up
			if op == exchange.End && s.d.Begun() {
				return f.fail("AH01401", "Zlib: Validation bytes not present")
			}
			if n == 0 && op == exchange.More {
				return nil
			}
			return next.Write(x, out[:n], op)
		}
		if err := next.Write(x, out, exchange.More); err != nil {
			return err
		}
		if since += n; since > pauses {
			since = 0
			x.Loop.Yield()
		}
	}
}

// pass begins to pass a body as it is, because it was not deflated in spite of its
// Content-Encoding.
func (f *inflate) pass(x *exchange.Exchange, s *inflating, p []byte, op exchange.Op, next exchange.Sink) error {
	s.raw = true
	x.Logf(logsink.Debug, "deflate", "AH01404", "inflate: data not deflated!")
	return next.Write(x, append(s.d.Header(), p...), op)
}

// messages are httpd's ids of what can be wrong with a response.
var messages = map[error]string{
	gunzip.ErrMagic: "AH01405", gunzip.ErrFlags: "AH02620", gunzip.ErrData: "AH01409",
	gunzip.ErrChecksum: "AH01399", gunzip.ErrLength: "AH01400",
}

func (f *inflate) fail(id, text string) error {
	return &fault.Fault{
		Side: fault.Backend, Phase: fault.ReadResponse, Kind: fault.Malformed, Status: 502, Module: "deflate", ID: id, Detail: text, Close: true,
	}
}

// Done implements exchange.Filter.
func (f *inflate) Done(_ *exchange.Exchange, slot *exchange.Slot) {
	decoders.Put(slot.State.(*inflating).d)
}

// inflateInput is the filter DEFLATE of request bodies.
type inflateInput struct {
	limits dirConf
	chain  *exchange.Chain // whose LimitRequestBody holds where there is no limit
}

// uploading is the state of one request body.
type uploading struct {
	d     *gunzip.Decoder
	meter meter
	buf   [4096]byte
	src   []byte // the part of buf that is not decoded yet
	ended bool
	err   error
}

// Begin implements exchange.InputFilter.
func (f *inflateInput) Begin(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	h := &x.Req.Header
	if x.Redirected != nil || h.Has(message.ContentRange) || x.Req.Body.Kind == message.Length && x.Req.Body.Length == 0 || !outermost(x, h) {
		return exchange.Declines, nil
	}
	h.Del("Content-MD5")
	d := decoders.Get().(*gunzip.Decoder)
	d.Reset()
	s.State = &uploading{d: d}
	return exchange.Changes, nil
}

// Read implements exchange.InputFilter.
func (f *inflateInput) Read(x *exchange.Exchange, slot *exchange.Slot, p []byte, wait bool, from exchange.Source) (int, error) {
	u := slot.State.(*uploading)
	if u.err == nil {
		n, err := f.read(x, u, p[:min(len(p), pieces)], wait, from)
		if n > 0 || err == nil {
			return n, nil
		}
		u.err = err
	}
	return 0, u.err
}

func (f *inflateInput) read(x *exchange.Exchange, u *uploading, p []byte, wait bool, from exchange.Source) (int, error) {
	for {
		if !u.ended {
			n, used, err := u.d.Decode(p, u.src)
			u.src = u.src[used:]
			u.meter.in += uint64(used)
			if errors.Is(err, io.EOF) {
				u.ended, err = true, nil
			}
			if err != nil {
				return 0, f.refuse(x, 400, logsink.Warn, inputMessages[err], err.Error())
			}
			if n > 0 {
				if err := f.check(x, u); err != nil {
					return 0, err
				}
				return n, nil
			}
		}
		if u.ended && len(u.src)+u.d.Excess() > 0 {
			return 0, f.refuse(x, 400, logsink.Error, "AH02485", "Encountered extra data after compressed data")
		}
		n, err := from.Read(x, u.buf[:], wait)
		u.src = u.buf[:n]
		switch {
		case n > 0:
			continue
		case !errors.Is(err, io.EOF) || u.ended:
			return 0, err
		case !u.d.Begun():
			return 0, io.EOF
		}
		return 0, f.refuse(x, 400, logsink.Error, "AH02481", "Encountered premature end-of-stream while inflating")
	}
}

// check applies the limits.
func (f *inflateInput) check(x *exchange.Exchange, u *uploading) error {
	limit := f.limits.limit
	if limit == 0 {
		limit = f.chain.LimitBody
	}
	if limit > 0 && u.d.Expanded() > uint64(limit) {
		return f.refuse(x, 413, logsink.Warn, "AH02648", "Inflated content length is larger than the configured limit")
	}
	if u.meter.over(&f.limits, u.d.Expanded()) {
		return f.refuse(x, 400, logsink.Warn, "AH02649", "Inflated content ratio is larger than the configured limit")
	}
	return nil
}

// inputMessages are httpd's ids of what can be wrong with a request body.
var inputMessages = map[error]string{
	gunzip.ErrMagic: "AH01387", gunzip.ErrMethod: "AH01387", gunzip.ErrFlags: "AH01388", gunzip.ErrData: "AH01392",
	gunzip.ErrChecksum: "AH01394", gunzip.ErrLength: "AH01395",
}

func (f *inflateInput) refuse(x *exchange.Exchange, status int, level logsink.Level, id, text string) error {
	x.Logf(level, "deflate", id, "%s", text)
	return &fault.Fault{
		Side: fault.Client, Phase: fault.ReadRequest, Kind: fault.Malformed, Status: status, Module: "deflate", ID: id, Detail: text, Close: true,
	}
}

// Done implements exchange.InputFilter.
func (f *inflateInput) Done(_ *exchange.Exchange, slot *exchange.Slot) {
	decoders.Put(slot.State.(*uploading).d)
}
