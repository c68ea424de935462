package files

import (
	"errors"
	"io"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

// chunk is how much of a file is read at once.
const chunk = 64 << 10

// send sends the head in x.Resp, and the file, or the parts of it that the request
// wants, as its body.
func (s *Sender) send(x *exchange.Exchange, f *file) error {
	b := s.body(f)
	defer s.free(b)
	x.Resp.Body = message.Framing{Kind: message.Length, Length: f.info.Size}
	if f.info.Size == 0 || x.Req.Verb == message.HEAD {
		return x.SendHeadOf(b, true)
	}
	if err := x.SendHeadOf(b, false); err != nil {
		return err
	}
	for i, p := range b.want.spans {
		if len(b.before) > 0 {
			if err := x.SendBody(b.before[i], false); err != nil {
				return unsent(err)
			}
		}
		last := i == len(b.want.spans)-1 && b.after == nil
		if err := sendSpan(x, f, p, last); err != nil {
			return err
		}
	}
	if b.after != nil {
		if err := x.SendBody(b.after, true); err != nil {
			return unsent(err)
		}
	}
	return nil
}

// sendSpan sends a part of a file; last: nothing follows.
func sendSpan(x *exchange.Exchange, f *file, p span, last bool) error {
	for p.size > 0 {
		n, err := x.SendFile(f.fd, p.at, p.size)
		p.at, p.size = p.at+n, p.size-n
		switch {
		case err == nil:
			continue
		case errors.Is(err, reactor.ErrNoSplice):
			return copySpan(x, f, p, last)
		case errors.Is(err, io.ErrUnexpectedEOF):
			return unread(errShorter)
		}
		return unsent(err)
	}
	if !last {
		return nil
	}
	if err := x.SendBody(nil, true); err != nil {
		return unsent(err)
	}
	return nil
}

// copySpan sends a part of a file by reading it.
func copySpan(x *exchange.Exchange, f *file, p span, last bool) error {
	for p.size > 0 {
		b, err := await(x, part{f.File, p.at, int(min(chunk, p.size))}, readPart)
		if err != nil {
			return unread(err)
		}
		p.at, p.size = p.at+int64(len(b)), p.size-int64(len(b))
		if err := x.SendBody(b, last && p.size == 0); err != nil {
			return unsent(err)
		}
	}
	return nil
}
