package wire

import (
	"math"

	"github.com/headgate/headgate/internal/message"
)

// FrameRequest decides how the body of a request is delimited and sets
// r.Body. No other place in the program decides it (RFC 9112 section 6.3).
func FrameRequest(r *message.Request) error {
	r.Body = message.Framing{}
	if !r.Header.MayHave(framingSet) {
		return nil
	}
	var f framing
	if err := f.read(&r.Header); err != nil {
		return err
	}
	switch {
	case f.codings.fields > 0:
		if err := f.codings.request(r.Version, f.lengths > 0); err != nil {
			return err
		}
		r.Body.Kind = message.Chunked
	case f.lengths > 1:
		return errLengths
	case f.lengths == 1:
		r.Body = message.Framing{Kind: message.Length, Length: f.length}
	}
	return nil
}

// FrameResponse decides how the sender delimits the body of a response to a
// request with method verb. It sets r.Close if the connection cannot carry, or
// cannot be trusted with, another message. It drops Content-Length fields that
// have no effect.
func FrameResponse(r *message.Response, verb message.Method) (body message.Framing, err error) {
	var f framing
	if err := f.read(&r.Header); err != nil {
		return body, err
	}
	if f.differ {
		return body, errLengthsDiffer
	}
	chunked := f.codings.fields > 0
	if chunked {
		if err := f.codings.verdict(); err != nil {
			return body, err
		}
	}
	switch {
	case r.Status < 200 || r.Status == 204 || (verb == message.CONNECT && r.Status < 300):
		announced := chunked || f.length > 0
		if announced && r.Status < 200 {
			return body, errInterimBody
		}
		// A body that is not allowed may follow all the same.
		r.Close = r.Close || announced
		r.Header.DelID(message.ContentLength)
	case r.Status == 304 || verb == message.HEAD:
		r.Close = r.Close || f.lengths > 1 || (chunked && f.lengths > 0)
		if chunked {
			r.Header.DelID(message.ContentLength)
		}
	case chunked:
		// Both, or chunked from an HTTP/1.0 peer: httpd decodes, and so does
		// Headgate, but an intermediary may have read it otherwise.
		r.Close = r.Close || f.lengths > 0 || r.Version != message.HTTP11
		r.Header.DelID(message.ContentLength)
		body.Kind = message.Chunked
	case f.lengths > 0:
		r.Close = r.Close || f.lengths > 1
		body = message.Framing{Kind: message.Length, Length: f.length}
	default:
		r.Close = true
		body.Kind = message.UntilClose
	}
	if f.lengths > 1 {
		if v, ok := r.Header.Get(message.ContentLength); ok {
			r.Header.SetID(message.ContentLength, v) // one is enough
		}
	}
	return body, nil
}

// framingSet are the fields that frame a body.
const framingSet message.IDSet = 1<<message.ContentLength | 1<<message.TransferEncoding

// framing is the information in the fields of a head about its body.
type framing struct {
	lengths int // Content-Length fields
	length  int64
	differ  bool // they differ
	codings codings
}

// read collects the framing fields of h.
func (f *framing) read(h *message.Header) error {
	if !h.MayHave(framingSet) {
		return nil
	}
	rows := h.Rows()
	for i := range rows {
		field := &rows[i]
		if framingSet>>(field.ID&63)&1 == 0 || field.Flags&message.Dropped != 0 {
			continue
		}
		if field.ID == message.TransferEncoding {
			f.codings.add(field.Value)
			continue
		}
		n, ok := parseLength(field.Value)
		if !ok {
			return errLength
		}
		f.differ = f.differ || (f.lengths > 0 && n != f.length)
		f.length = n
		f.lengths++
	}
	return nil
}

// parseLength reads 1*DIGIT that fits an int64.
func parseLength(v []byte) (int64, bool) {
	var n int64
	for _, c := range v {
		if class[c]&isDigit == 0 {
			return 0, false
		}
		d := int64(c - '0')
		if n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, len(v) > 0
}

// codings collects the transfer codings of all Transfer-Encoding fields.
type codings struct {
	fields  int
	names   int
	chunked int
	last    bool // the last one is chunked
	broken  bool // an element is empty or not a plain token
}

func (c *codings) add(value []byte) {
	c.fields++
	for more := true; more; {
		var t []byte
		t, value = element(value)
		more = value != nil
		if !ValidName(t) {
			c.broken = true
			continue
		}
		c.names++
		c.last = fold(t, "chunked")
		if c.last {
			c.chunked++
		}
	}
}

// verdict returns nil for exactly one chunked and nothing else.
func (c *codings) verdict() error {
	switch {
	case c.broken:
		return errCodingList
	case !c.last:
		return errCodingLast
	case c.chunked > 1:
		return errCodingTwice
	case c.names > 1:
		return errCoding
	}
	return nil
}

// request adds the checks of RFC 9112 section 6.1 for requests. Both framings
// at once are how smuggling begins; Headgate refuses instead of choosing.
func (c *codings) request(v message.Version, lengths bool) error {
	switch {
	case lengths:
		return errBothFramings
	case v != message.HTTP11:
		return errCodingHTTP10
	}
	return c.verdict()
}
