package pipeline

import (
	"errors"
	"io"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
)

// Include implements exchange.Lookups (httpd: ap_run_sub_req).
func (p *Pipeline) Include(x, sub *exchange.Exchange, to exchange.Sink) error {
	part := &part{x: x, to: to}
	sub.Front, sub.Part = part, true
	for _, name := range ofWhole {
		sub.Req.Header.Del(name)
	}
	defer sub.Reset(false)
	err := p.runTo(sub, stageHandle, stage(len(stages)))
	if err != nil {
		err = p.follow(sub, err)
	}
	var file *exchange.File
	if errors.As(err, &file) && !sub.Committed {
		if err = p.files.Named(sub, file.Name); err == nil {
			err = errAnswered
		}
	}
	sub.EndFilters()
	switch {
	case part.failed != nil:
		return part.failed
	case err == nil || errors.Is(err, errAnswered):
		return nil
	}
	if f := (*fault.Fault)(nil); errors.As(err, &f) {
		return errors.New(f.Describe())
	}
	return err
}

// ofWhole are fields that are about the response as a whole, and not about a part of its body.
var ofWhole = []string{
	"Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Accept-Encoding", "Expect", "Content-Length", "Content-Type",
}

// part is the front of a request whose body is a part of another. It implements exchange.Front.
type part struct {
	x      *exchange.Exchange
	to     exchange.Sink
	failed error // why it was cut
}

// ReadBody implements exchange.Front: there is no body.
func (*part) ReadBody([]byte) (int, error) { return 0, io.EOF }

// ReadReady implements exchange.Front.
func (*part) ReadReady([]byte) (int, error) { return 0, io.EOF }

// WriteInterim implements exchange.Front.
func (*part) WriteInterim(*message.Response) error { return nil }

// WriteHead implements exchange.Front: the head of the whole was sent, or will be.
func (*part) WriteHead(*message.Response, bool) error { return nil }

// WriteBody implements exchange.Front.
func (p *part) WriteBody(b []byte, _ bool) error {
	if len(b) == 0 {
		return nil
	}
	return p.to.Write(p.x, b, exchange.More)
}

// WriteTrailer implements exchange.Front.
func (*part) WriteTrailer(*message.Header) error { return nil }

// Flush implements exchange.Front: the response so far is sent, because the rest may take a while.
func (p *part) Flush() error { return p.to.Write(p.x, nil, exchange.Flush) }

// StopReading implements exchange.Front.
func (*part) StopReading() {}

// Abort implements exchange.Front.
func (p *part) Abort(err error) { p.failed = err }
