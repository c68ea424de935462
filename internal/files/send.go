package files

import (
	"errors"
	"io"
	"sync"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/reactor"
)

const (
	chunk  = 64 << 10                   // how much of a file is read at once
	small  = reactor.BufferSize - 4<<10 // a body that goes out together with its head
	medium = 16 << 10                   // what costs less to copy than to have the system send page by page
	window = 512 << 10                  // how much of a file is made sure to be in memory at once
)

// send sends the head in x.Resp, and the file from an offset on, or the parts of that
// which the request wants, as its body.
func (s *Sender) send(x *exchange.Exchange, f *file, start int64) error {
	b := s.body(f, f.info.Size-start)
	defer s.free(b)
	b.start = start
	x.Resp.Body = message.Framing{Kind: message.Length, Length: b.size}
	switch {
	case b.size == 0 || x.Req.Verb == message.HEAD:
		return x.SendHeadOf(b, true)
	case b.size <= small:
		return s.sendSmall(x, b)
	}
	if err := x.SendHeadOf(b, false); err != nil {
		return err
	}
	for i, p := range b.want.spans {
		last, err := begin(x, b, i)
		if err != nil {
			return err
		}
		p.at += start
		if err := s.sendSpan(x, f, p, last, p.size <= medium || x.Chain.Rules().Copied); err != nil {
			return err
		}
	}
	return end(x, b)
}

// begin sends what comes before part i, where there are several. last: nothing follows
// the part.
func begin(x *exchange.Exchange, b *body, i int) (last bool, err error) {
	if len(b.before) > 0 {
		if err := x.SendBody(b.before[i], false); err != nil {
			return false, unsent(err)
		}
	}
	return i == len(b.want.spans)-1 && b.after == nil, nil
}

// end sends what follows the last of several parts.
func end(x *exchange.Exchange, b *body) error {
	if b.after == nil {
		return nil
	}
	if err := x.SendBody(b.after, true); err != nil {
		return unsent(err)
	}
	return nil
}

// sendSmall reads a file before its head is sent, so that both go out together.
func (s *Sender) sendSmall(x *exchange.Exchange, b *body) error {
	buf := x.Loop.Buffer()
	defer x.Loop.Return(buf)
	text := buf.Bytes[:b.size]
	if n, ok := reactor.ReadCached(b.file.fd, text, b.start); !ok || n < len(text) {
		read, err := await(x, part{b.file.File, b.start, len(text)}, readPart)
		if err != nil {
			return unread(err)
		}
		copy(text, read)
	}
	return sendText(x, b, text)
}

// Text sends the head in x.Resp, and a text, or the parts of it that the request wants, as
// its body. The text stays as it is until Text returns.
func (s *Sender) Text(x *exchange.Exchange, text []byte) error {
	b := s.body(nil, int64(len(text)))
	defer s.free(b)
	x.Resp.Body = message.Framing{Kind: message.Length, Length: b.size}
	if b.size == 0 || x.Req.Verb == message.HEAD {
		return x.SendHeadOf(b, true)
	}
	return sendText(x, b, text)
}

// sendText sends the head, and of a text what b says.
func sendText(x *exchange.Exchange, b *body, text []byte) error {
	if err := x.SendHeadOf(b, false); err != nil {
		return err
	}
	for i, p := range b.want.spans {
		last, err := begin(x, b, i)
		if err != nil {
			return err
		}
		if err := x.SendBody(text[p.at:p.at+p.size], last); err != nil {
			return unsent(err)
		}
	}
	return end(x, b)
}

// sendSpan sends a part of a file; last: nothing follows.
func (s *Sender) sendSpan(x *exchange.Exchange, f *file, p span, last, copied bool) error {
	for p.size > 0 && !copied {
		n := min(p.size, window)
		if !reactor.Cached(f.fd, p.at, n) {
			if _, err := await(x, part{f.File, p.at, int(n)}, fetch); err != nil {
				return unread(err)
			}
		}
		sent, err := x.SendFile(f.fd, p.at, n)
		p.at, p.size = p.at+sent, p.size-sent
		switch {
		case err == nil:
		case errors.Is(err, reactor.ErrNoSplice):
			copied = true
		case errors.Is(err, io.ErrUnexpectedEOF):
			return unread(errShorter)
		default:
			return unsent(err)
		}
	}
	if p.size > 0 {
		return s.copySpan(x, f, p, last)
	}
	if !last {
		return nil
	}
	if err := x.SendBody(nil, true); err != nil {
		return unsent(err)
	}
	return nil
}

// chunks are buffers of chunk bytes, for the files of one process.
type chunks struct{ pool sync.Pool }

func (c *chunks) take() *[chunk]byte {
	if b, ok := c.pool.Get().(*[chunk]byte); ok {
		return b
	}
	return new([chunk]byte)
}

// copySpan sends a part of a file by reading it.
func (s *Sender) copySpan(x *exchange.Exchange, f *file, p span, last bool) error {
	b := s.chunks.take()
	defer s.chunks.pool.Put(b)
	for p.size > 0 {
		text := b[:min(chunk, p.size)]
		if n, ok := reactor.ReadCached(f.fd, text, p.at); ok && n > 0 {
			text = text[:n]
		} else {
			read, err := await(x, part{f.File, p.at, len(text)}, readPart)
			if err != nil {
				return unread(err)
			}
			text = read
		}
		p.at, p.size = p.at+int64(len(text)), p.size-int64(len(text))
		if err := x.SendBody(text, last && p.size == 0); err != nil {
			return unsent(err)
		}
	}
	return nil
}
