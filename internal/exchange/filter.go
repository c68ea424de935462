package exchange

import (
	"github.com/headgate/headgate/internal/message"
)

// Filter takes part in responses on their way to the client. It is immutable:
// what it keeps for one response is in the slot of that response.
type Filter interface {
	// Head sees and edits x.Resp before it is sent, and says what the filter
	// will do with the body.
	Head(x *Exchange, s *Slot) (Effect, error)
	// Body passes p on through next, changed or not, as op asks. It is called
	// only where Head did not decline. p is borrowed until it returns.
	Body(x *Exchange, s *Slot, p []byte, op Op, next Sink) error
	// Done gives back what the slot holds: once for each response whose Head
	// did not decline, whether or not it came to its end.
	Done(x *Exchange, s *Slot)
}

// InputFilter takes part in request bodies on their way in.
type InputFilter interface {
	// Begin is asked before anything of the body is read. It may edit the
	// header that a backend gets.
	Begin(x *Exchange, s *Slot) (Effect, error)
	// Read fills p from what it reads through from; io.EOF after the last
	// byte. wait: it may wait for more; else 0 and no error say that nothing is
	// there yet.
	Read(x *Exchange, s *Slot, p []byte, wait bool, from Source) (int, error)
	// Done is as for a Filter.
	Done(x *Exchange, s *Slot)
}

// Slot is what a filter keeps for one message: a pointer to memory that it owns
// or has from a pool.
type Slot struct{ State any }

// Effect says what a filter does with one message.
type Effect uint8

// The effects. OwnTag goes with Changes.
const (
	Declines Effect = 0         // it takes no part
	Observes Effect = 1 << iota // it looks at the bytes, delays or counts them, and passes on the same ones
	Changes                     // it passes on another body: of another length, another representation
	OwnTag                      // it has edited the ETag itself
)

// Op says why the body of a response passes through a filter.
type Op uint8

// The operations.
const (
	More  Op = iota // more will follow soon: bytes may be kept back
	Flush           // nothing may follow for a while: what was kept back leaves now
	End             // these are the last bytes
)

// Sink is the rest of a response's filters: a value, so that passing it on costs
// no closure.
type Sink struct{ at int }

// Source is the rest of a request body's filters.
type Source struct{ at int }

// active is a filter that takes part in the message of an exchange.
type active struct {
	out  Filter
	in   InputFilter
	slot Slot
}

// Write hands p to the next filter, or to the front after the last.
func (s Sink) Write(x *Exchange, p []byte, op Op) error {
	if s.at == len(x.filters) {
		return x.write(p, op)
	}
	f := &x.filters[s.at]
	return f.out.Body(x, &f.slot, p, op, Sink{s.at + 1})
}

// Read reads from the next filter, or from the front after the last.
func (s Source) Read(x *Exchange, p []byte, wait bool) (int, error) {
	switch {
	case s.at < len(x.inputs):
		f := &x.inputs[s.at]
		return f.in.Read(x, &f.slot, p, wait, Source{s.at + 1})
	case wait:
		return x.Front.ReadBody(p)
	}
	return x.Front.ReadReady(p)
}

// filter asks the filters of the chain what they do with x.Resp, and has its
// head follow from what they say: where one changes the body, nothing remains
// that was said of the old one. more: a body follows, or may now.
func (x *Exchange) filter(last bool) (more bool, err error) {
	var all Effect
	for _, f := range x.Chain.Filters {
		var s Slot
		e, err := f.Head(x, &s)
		if err != nil {
			return false, err
		}
		if e != Declines {
			all |= e
			x.filters = append(x.filters, active{out: f, slot: s})
		}
	}
	if all&Changes == 0 {
		return !last, nil
	}
	h := &x.Resp.Header
	h.DelID(message.ContentLength)
	for _, name := range ofOldBody {
		h.Del(name)
	}
	if all&OwnTag == 0 {
		weaken(x)
	}
	x.Resp.Body = message.Framing{Kind: message.Unknown}
	// A filter may add to an empty body, but not where there can be none.
	return !last || x.Req.Verb != message.HEAD && !message.NoContent(x.Resp.Status), nil
}

// ofOldBody are the fields that hold for the bytes a backend sent only
// (RFC 9110 section 14, RFC 9530).
var ofOldBody = []string{"Accept-Ranges", "Content-MD5", "Content-Digest", "Digest"}

// weaken makes a strong ETag a weak one: the bytes are not those it was made
// for (RFC 9110 section 8.8.1).
func weaken(x *Exchange) {
	tag, ok := x.Resp.Header.Get(message.ETag)
	if ok && len(tag) > 0 && tag[0] == '"' {
		x.Resp.Header.SetID(message.ETag, x.Arena.Join([]byte("W/"), tag))
	}
}

// BeginBody asks the input filters of the chain what they do with the request
// body. It is called once, before anything of the body is read.
func (x *Exchange) BeginBody() error {
	var all Effect
	for _, f := range x.Chain.Inputs {
		var s Slot
		e, err := f.Begin(x, &s)
		if err != nil {
			return err
		}
		if e != Declines {
			all |= e
			x.inputs = append(x.inputs, active{in: f, slot: s})
		}
	}
	if all&Changes != 0 {
		x.Req.Header.DelID(message.ContentLength)
		x.Req.Body = message.Framing{Kind: message.Chunked}
	}
	return nil
}

// ReadBody reads bytes of the request body through the input filters: see
// Front.ReadBody.
func (x *Exchange) ReadBody(p []byte) (int, error) { return Source{}.Read(x, p, true) }

// ReadReady is ReadBody for what has arrived already: see Front.ReadReady.
func (x *Exchange) ReadReady(p []byte) (int, error) { return Source{}.Read(x, p, false) }

// EndFilters gives back what filters hold for x. The pipeline calls it once the
// response is out, before x is logged.
func (x *Exchange) EndFilters() {
	x.endFilters()
	for i := range x.inputs {
		f := &x.inputs[i]
		f.in.Done(x, &f.slot)
		*f = active{}
	}
	x.inputs = x.inputs[:0]
}

func (x *Exchange) endFilters() {
	for i := range x.filters {
		f := &x.filters[i]
		f.out.Done(x, &f.slot)
		*f = active{}
	}
	x.filters = x.filters[:0]
}
