package include

import (
	"bytes"

	"github.com/headgate/headgate/internal/backend/cgi"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
)

// filter is INCLUDES for one combination of sections. It implements exchange.Filter. httpd: includes_filter.
type filter struct {
	implied, allowed, exec   bool
	hack                     hack
	etag, modified           bool
	errors, times, undefined string
	start, end               []byte
}

// maxCommand limits a command that is waited for.
const maxCommand = 64 << 10

// page is the state of one response.
type page struct {
	*filter
	x    *exchange.Exchange
	next exchange.Sink
	rest []byte // the beginning of a command, or of its mark

	errors, times, undefined string
	bytes                    bool // sizes are shown in bytes

	printing, held bool // the text is shown; a branch of the condition has held
	nested         int  // conditions within a branch that is not shown
	groups         [10]string
	grouped        int // how many of groups there are; 0: no expression has matched
	err            error
}

// takesPart reports whether the filter looks at the response of x.
func (f *filter) takesPart(x *exchange.Exchange) bool {
	if !f.implied {
		return true
	}
	at := x.File()
	return x.Media.Parsed || f.hack != hackOff && at != nil && at.Info.Mode&0o100 != 0 && at.Info.Mode.IsRegular() && string(x.Media.Type) == "text/html"
}

// Makes implements exchange.Maker.
func (f *filter) Makes(x *exchange.Exchange) bool { return f.allowed && f.takesPart(x) && !f.dated(x) }

// dated reports whether the page keeps the time of its file, by XBitHack full.
func (f *filter) dated(x *exchange.Exchange) bool {
	at := x.File()
	return f.hack == hackFull && at != nil && at.Info.Mode&0o010 != 0
}

// Head implements exchange.Filter.
func (f *filter) Head(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	if !f.takesPart(x) || x.Media.Included { // a second one has nothing to find
		return exchange.Declines, nil
	}
	h := &x.Resp.Header
	if !f.etag {
		h.DelID(message.ETag)
	}
	if !f.allowed {
		x.Logf(logsink.Warn, "include", "AH01374", "mod_include: Options +Includes (or IncludesNoExec) wasn't set, INCLUDES filter removed: %s", x.Filename)
		return exchange.Declines, nil
	}
	if !f.modified && !f.dated(x) {
		h.DelID(message.LastModified)
	}
	if x.NoBody() && x.Req.Verb != message.HEAD {
		return exchange.Declines, nil
	}
	x.Media.Included = true
	p := &page{filter: f, x: x, errors: f.errors, times: f.times, undefined: f.undefined, printing: true, held: true}
	s.State = p
	p.prepare()
	return exchange.Changes | exchange.OwnTag, nil
}

// prepare sets the variables of the outermost page.
func (p *page) prepare() {
	x := p.x
	if x.Part {
		return
	}
	r := &cgi.Request{Filename: x.ShownFilename()}
	if f := x.File(); f != nil {
		r.PathInfo = f.Rest
	}
	cgi.Common(x, r)
	cgi.Script(x, r)
	p.variables(r)
}

// Body implements exchange.Filter.
func (f *filter) Body(x *exchange.Exchange, s *exchange.Slot, b []byte, op exchange.Op, next exchange.Sink) error {
	p := s.State.(*page)
	p.next = next
	if len(p.rest) > 0 {
		b = append(p.rest, b...)
		p.rest = nil
	}
	b = p.parse(b)
	if op == exchange.End {
		p.finish(b)
	} else if len(b) > 0 {
		p.rest = append([]byte(nil), b...)
	}
	if p.err != nil {
		return p.err
	}
	if op == exchange.More {
		return nil
	}
	return next.Write(x, nil, op)
}

// parse passes text on and obeys commands. It returns the end that is not complete.
func (p *page) parse(b []byte) []byte {
	for p.err == nil {
		i := bytes.Index(b, p.start)
		if i < 0 {
			keep := partial(b, p.start)
			p.show(b[:len(b)-keep])
			return b[len(b)-keep:]
		}
		p.show(b[:i])
		c, n := readCommand(b[i+len(p.start):], p.end)
		if n == 0 {
			if len(b)-i < maxCommand {
				return b[i:]
			}
			p.fail("a directive is longer than 64 KiB")
			return nil
		}
		b = b[i+len(p.start)+n:]
		p.obey(&c)
	}
	return nil
}

// partial returns how many bytes at the end of b may begin a mark.
func partial(b, mark []byte) int {
	for n := min(len(b), len(mark)-1); n > 0; n-- {
		if bytes.HasPrefix(mark, b[len(b)-n:]) {
			return n
		}
	}
	return 0
}

// finish ends the page with what is left of it.
func (p *page) finish(b []byte) {
	switch {
	case len(b) >= len(p.start):
		p.fail("SSI directive was not properly finished at the end of parsed document")
	default:
		p.show(b)
	}
	if !p.printing {
		p.x.Logf(logsink.Warn, "include", "AH01375", "missing closing endif directive in parsed document %s", p.x.Filename)
	}
}

// show passes on text that is not in a branch that does not hold.
func (p *page) show(b []byte) {
	if len(b) > 0 && p.printing && p.err == nil {
		p.err = p.next.Write(p.x, b, exchange.More)
	}
}

// fail logs what is wrong with a command, and says in the page that something is.
func (p *page) fail(format string, args ...any) {
	level := logsink.Error
	if !p.printing {
		level = logsink.Warn
	}
	p.x.Logf(level, "include", "", format+" in %s", append(args, p.x.Filename)...)
	p.show([]byte(p.errors))
}

// Done implements exchange.Filter.
func (f *filter) Done(*exchange.Exchange, *exchange.Slot) {}
