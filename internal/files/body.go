package files

import (
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/conditional"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
)

// body is a file, or a text in memory, as the body of one response. It implements
// exchange.Cutter.
type body struct {
	file   *file // nil: a text
	start  int64 // where in the file it begins
	size   int64
	want   ranges
	before [][]byte // of a body in several parts, what comes before each; nil: it is one part or all
	after  []byte   // and after the last

	boundary []byte // separates them
}

// body returns the whole of a file or text as a body; free it.
func (s *Sender) body(f *file, size int64) *body {
	b, _ := s.bodies.Get().(*body)
	if b == nil {
		b = new(body)
	}
	b.file, b.size, b.boundary = f, size, s.boundary
	b.all()
	return b
}

func (s *Sender) free(b *body) {
	clear(b.before)
	*b = body{want: ranges{spans: b.want.spans[:0]}, before: b.before[:0]}
	s.bodies.Put(b)
}

// all makes b the whole.
func (b *body) all() {
	b.want = ranges{spans: append(b.want.spans[:0], span{0, b.size})}
}

// Cut implements exchange.Cutter: it makes a response with status 200 one with the
// parts that the request asks for. httpd: ap_byterange_filter.
func (b *body) Cut(x *exchange.Exchange) error {
	q, h := &x.Req.Header, &x.Resp.Header
	v, ok := q.Get(message.Range)
	size := b.size
	if !ok || q.Count(message.Range) > 1 || x.Resp.Status != 200 || size == 0 || h.Has(message.ContentRange) || inParts(h) || conditional.Whole(x) {
		return nil
	}
	b.want.spans = b.want.spans[:0]
	b.want.parse(v, size)
	switch rules := x.Chain.Rules(); {
	case !b.want.allowed(rules):
		b.all()
	case b.want.none:
		return &fault.Fault{
			Side: fault.Client, Module: "http", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.RangeBeyond, Status: 416,
			Detail: "the range begins beyond the end of the file",
		}
	case len(b.want.spans) == 0:
		b.all()
	case len(b.want.spans) == 1:
		x.Resp.Status = 206
		at := appendRange(append(x.Arena.Alloc(80), "bytes "...), b.want.spans[0], size)
		h.SetID(message.ContentRange, at)
		b.announce(x, b.want.spans[0].size)
	default:
		x.Resp.Status = 206
		b.separate(x)
	}
	return nil
}

// inParts reports whether a response has several parts already.
func inParts(h *message.Header) bool {
	t, _ := h.Get(message.ContentType)
	return ascii.HasPrefixFoldBytes(t, "multipart/byteranges") || ascii.HasPrefixFoldBytes(t, "multipart/x-byteranges")
}

// announce sets the length of the body.
func (b *body) announce(x *exchange.Exchange, n int64) {
	x.Resp.Body.Length = n
	x.Resp.Header.SetID(message.ContentLength, x.Arena.Int(n))
}

// appendRange appends the value of a Content-Range field, without its unit.
func appendRange(dst []byte, s span, size int64) []byte {
	dst = strconv.AppendInt(dst, s.at, 10)
	dst = strconv.AppendInt(append(dst, '-'), s.at+s.size-1, 10)
	return strconv.AppendInt(append(dst, '/'), size, 10)
}

// separate makes the body one of several parts (RFC 9110 section 14.6).
func (b *body) separate(x *exchange.Exchange) {
	h, line := &x.Resp.Header, b.boundary
	kind, typed := h.Get(message.ContentType)
	total := int64(0)
	for _, s := range b.want.spans {
		p := append(append(x.Arena.Alloc(128+len(line)+len(kind)), "\r\n--"...), line...)
		if typed {
			p = append(append(p, "\r\nContent-type: "...), kind...)
		}
		p = appendRange(append(p, "\r\nContent-range: bytes "...), s, b.size)
		p = append(p, "\r\n\r\n"...)
		b.before = append(b.before, p)
		total += int64(len(p)) + s.size
	}
	b.after = append(append(append(x.Arena.Alloc(len(line)+8), "\r\n--"...), line...), "--\r\n"...)
	const form = "multipart/byteranges; boundary="
	h.SetID(message.ContentType, append(append(x.Arena.Alloc(len(form)+len(line)), form...), line...))
	b.announce(x, total+int64(len(b.after)))
}
