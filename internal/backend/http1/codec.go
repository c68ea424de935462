package http1

import (
	"bytes"
	"time"

	"github.com/headgate/headgate/internal/backend/attempt"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/wire"
)

// New makes the protocol of http:// workers. One is enough for all of them.
func New() *attempt.Protocol {
	return attempt.New(attempt.Spec{
		Module: "proxy_http", NoConnect: "AH01114", NoHead: "AH01102", PingText: "no answer to Expect: 100-continue",
		New: func() attempt.Codec { return new(codec) },
	})
}

// codec is HTTP/1.x as an attempt.Codec.
type codec struct {
	x       *exchange.Exchange
	chunked bool // the request's body is sent in chunks
	response
}

// response is the state of a response while it is read.
type response struct {
	scan     wire.HeadScan
	limits   wire.ResponseLimits
	headed   bool            // the final head was read
	body     message.Framing // how the backend delimits the body; the client's is x.Resp.Body
	left     int64           // body bytes still to come, for a body with a length
	chunks   wire.Chunks
	overlong bool          // the trailer fields were too large, which was reported
	peerIdle time.Duration // Keep-Alive: timeout of the response
}

// reset prepares for the response of an attempt. Fields that it does not set are
// set before they are used.
func (c *codec) reset(fieldSize int) {
	c.scan, c.limits = wire.HeadScan{}, wire.NewResponseLimits(fieldSize)
	c.headed, c.overlong, c.body, c.peerIdle = false, false, message.Framing{}, 0
}

// Begin implements attempt.Codec. HTTP/1.0 has no chunks and no interim
// responses, and proxy-sendcl requires a length.
func (c *codec) Begin(x *exchange.Exchange) (length bool) {
	if x.Out.Force10 {
		x.Out.Expect = false
	}
	return x.Out.Force10 || x.Out.SendCL
}

// AppendLead implements attempt.Codec.
func (c *codec) AppendLead(b []byte, n int) []byte { return wire.AppendChunkHead(b, int64(n)) }

// AppendTail implements attempt.Codec.
func (c *codec) AppendTail(b []byte, _ int) []byte { return append(b, "\r\n"...) }

// AppendEnd implements attempt.Codec: the last chunk, with the client's trailer
// fields.
func (c *codec) AppendEnd(b []byte) []byte {
	if !c.chunked {
		return b
	}
	return wire.AppendLastChunk(b, &c.x.Req.Trailer)
}

// Read implements attempt.Codec.
func (c *codec) Read(b []byte, eof bool) (int, attempt.Event, error) {
	if !c.headed {
		return c.readHead(b)
	}
	switch c.body.Kind {
	case message.Chunked:
		return c.readChunk(b)
	case message.Length:
		if c.left == 0 {
			return 0, attempt.Event{Kind: attempt.End}, nil
		}
		if len(b) == 0 {
			break
		}
		p := b[:min(int64(len(b)), c.left)]
		c.left -= int64(len(p))
		return len(p), attempt.Event{Kind: attempt.Data, Data: p, Last: c.left == 0}, nil
	case message.UntilClose:
		switch {
		case len(b) > 0:
			return len(b), attempt.Event{Kind: attempt.Data, Data: b}, nil
		case eof:
			return 0, attempt.Event{Kind: attempt.End}, nil
		}
	default:
		return 0, attempt.Event{Kind: attempt.End}, nil
	}
	return 0, attempt.Event{}, nil
}

// readHead reads one head.
func (c *codec) readHead(b []byte) (int, attempt.Event, error) {
	r := &c.x.Resp
	n, err := c.scan.ReadResponse(b, r, &c.limits)
	switch {
	case err != nil:
		return n, attempt.Event{}, err
	case n == 0:
		return 0, attempt.Event{Progress: headProgress(b)}, nil
	}
	body, err := wire.FrameResponse(r, c.x.Req.Verb)
	switch {
	case err != nil:
		return n, attempt.Event{}, err
	case r.Status == 101:
		return n, attempt.Event{Kind: attempt.Switch}, nil
	case r.Status < 200:
		return n, attempt.Event{Kind: attempt.Interim}, nil
	}
	c.headed, c.body, c.left = true, body, body.Length
	c.readKeepAlive(r)
	e := attempt.Event{Kind: attempt.Headed, N: -1}
	switch body.Kind {
	case message.NoBody:
		e.N, e.Last = 0, true
	case message.Length:
		e.N, e.Last = body.Length, body.Length == 0
	case message.Chunked:
		c.chunks.ResetResponse(&r.Trailer, &c.limits.Limits)
	}
	return n, e, nil
}

// headProgress says how much of a head has arrived in b.
func headProgress(b []byte) attempt.Progress {
	switch {
	case bytes.IndexByte(b, '\n') >= 0:
		return attempt.Within
	case len(b) > 0:
		return attempt.Begun
	}
	return attempt.Nothing
}

// readChunk reads up to and including the next data of a chunked body.
func (c *codec) readChunk(b []byte) (used int, e attempt.Event, err error) {
	for {
		n, data, err := c.chunks.Next(b[used:])
		used += n
		switch {
		case err != nil:
			return used, e, err
		case len(data) > 0:
			e.Kind, e.Data = attempt.Data, data
			return used, e, nil
		case c.chunks.Done() && c.chunks.Overlong() && !c.overlong:
			c.overlong = true
			c.x.Resp.Close = true // the start of the next message is unknown
			e.Kind, e.Data = attempt.Warn, overlong
			return used, e, nil
		case c.chunks.Done():
			e.Kind = attempt.End
			return used, e, nil
		case n == 0:
			if c.chunks.InTrailer() {
				e.Progress = attempt.Begun
			}
			return used, e, nil
		}
	}
}

// overlong is logged for a response that is passed on without its trailer
// fields. Its body is complete.
var overlong = []byte("the trailer fields of a response are larger than 128 lines of responsefieldsize=; they were left out")

// Probe implements attempt.Codec: it checks the chunks in b.
func (c *codec) Probe(b []byte) error {
	if c.body.Kind != message.Chunked {
		return nil
	}
	var probe wire.Chunks
	probe.ResetResponse(nil, &c.limits.Limits)
	for {
		n, _, err := probe.Next(b)
		if err != nil {
			return err
		}
		if b = b[n:]; n == 0 || probe.Done() {
			return nil
		}
	}
}

// Splice implements attempt.Codec.
func (c *codec) Splice(moved int64) (left int64) {
	switch c.body.Kind {
	case message.Length:
		c.left -= moved
		return c.left
	case message.UntilClose:
		return -1
	}
	return 0
}

// Done implements attempt.Codec.
func (c *codec) Done() (reusable bool, idle time.Duration) {
	return !c.x.Resp.Close && !c.x.Out.Force10 && c.body.Kind != message.UntilClose, c.peerIdle
}

// readKeepAlive reads how long the backend keeps an idle connection.
func (c *codec) readKeepAlive(r *message.Response) {
	v, ok := r.Header.Get(message.KeepAlive)
	if !ok {
		return
	}
	_, v, ok = bytes.Cut(v, []byte("timeout="))
	if !ok {
		return
	}
	n := 0
	for _, d := range v {
		if d < '0' || d > '9' || n > 1<<20 {
			break
		}
		n = n*10 + int(d-'0')
	}
	c.peerIdle = time.Duration(n) * time.Second
}
