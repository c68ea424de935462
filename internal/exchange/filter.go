package exchange

import (
	"github.com/headgate/headgate/internal/message"
)

// Filter takes part in responses on their way to the client. It is immutable:
// state for one response is in that response's Slot.
type Filter interface {
	// Head sees and edits x.Resp before it is sent, and says what the filter
	// will do with the body.
	Head(x *Exchange, s *Slot) (Effect, error)
	// Body passes p to next, changed or not, as op says. It is called only if
	// Head did not decline. p is borrowed until it returns.
	Body(x *Exchange, s *Slot, p []byte, op Op, next Sink) error
	// Done frees the state in the slot: once for each response whose Head did
	// not decline, whether or not the response was completed.
	Done(x *Exchange, s *Slot)
}

// InputFilter takes part in request bodies on their way in.
type InputFilter interface {
	// Begin is called before the body is read. It may edit the header for the
	// backend.
	Begin(x *Exchange, s *Slot) (Effect, error)
	// Read fills p from what it reads through from; io.EOF after the last byte.
	// wait: it may wait for more; otherwise 0 without an error means that
	// nothing has arrived yet.
	Read(x *Exchange, s *Slot, p []byte, wait bool, from Source) (int, error)
	// Done is as for a Filter.
	Done(x *Exchange, s *Slot)
}

// Encoder is a Filter that encodes responses for clients that accept that.
type Encoder interface {
	Filter
	// Offer returns the quality, in thousandths, with which the client accepts the
	// encoding that Head would choose now; 0: Head would not encode.
	Offer(x *Exchange) int
}

// Maker is a Filter that makes some bodies for each request by itself.
type Maker interface {
	Filter
	// Makes reports whether the response to x is one: what its file is like meets no
	// condition of the request.
	Makes(x *Exchange) bool
}

// Remade reports whether a filter makes the body for this request.
func (x *Exchange) Remade() bool {
	for _, f := range x.Chain.Filters {
		if m, ok := f.(Maker); ok && m.Makes(x) {
			return true
		}
	}
	return false
}

// Slot holds a filter's state for one message: a pointer to memory that the
// filter owns or has from a pool.
type Slot struct{ State any }

// Effect says what a filter does with one message.
type Effect uint8

// The effects. OwnTag and Holds go with Changes, Gathers goes with Observes.
const (
	Declines Effect = 0         // it takes no part
	Observes Effect = 1 << iota // it reads the bytes, delays or counts them, and passes them on unchanged
	Changes                     // it passes on a different body: of another length, another representation
	OwnTag                      // it has edited the ETag itself
	Holds                       // it edits the header again before it first writes to its Sink: the head waits for that
	Gathers                     // it may keep all of a body until its end: the head waits, and says how long it is
)

// Op says why the body of a response passes through a filter.
type Op uint8

// The operations.
const (
	More  Op = iota // more follows soon: bytes may be kept back
	Flush           // nothing may follow for a while: send what was kept back
	End             // these are the last bytes
)

// Sink is the rest of a response's filters. It is a value, so that passing it
// costs no closure.
type Sink struct{ at int }

// Source is the rest of a request body's filters.
type Source struct{ at int }

// active is a filter that takes part in a message.
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

// filter calls Head of the chain's filters and edits the head by their effects:
// if one changes the body, fields about the old body are removed, and changed is
// true.
func (x *Exchange) filter() (changed bool, err error) {
	for i, f := range x.Chain.Filters {
		var s Slot
		x.heads = i + 1
		e, err := f.Head(x, &s)
		if err != nil {
			return false, err
		}
		if e != Declines {
			x.filters = append(x.filters, active{out: f, slot: s})
		}
		if e&Changes != 0 {
			changed = true
			x.changed(e)
		}
		x.holds = x.holds || e&Holds != 0
		x.gathers = x.gathers || e&Gathers != 0
	}
	return changed, nil
}

// changed edits the head for a filter that changes the body: the next one sees
// what it would have if the response had come like that.
func (x *Exchange) changed(e Effect) {
	h := &x.Resp.Header
	h.DelID(message.ContentLength)
	for _, name := range ofOldBody {
		h.Del(name)
	}
	if e&OwnTag == 0 {
		weaken(x)
	}
	x.Resp.Body = message.Framing{Kind: message.Unknown}
}

// NoBody reports that no body follows the response head that is about to be
// sent. Filters may ask it in Head.
func (x *Exchange) NoBody() bool { return x.empty }

// Preferred reports whether no filter after the one whose Head runs would encode
// the response with a quality above q.
func (x *Exchange) Preferred(q int) bool {
	for _, f := range x.Chain.Filters[x.heads:] {
		if e, ok := f.(Encoder); ok && e.Offer(x) > q {
			return false
		}
	}
	return true
}

// ofOldBody are the fields that are valid only for the bytes a backend sent
// (RFC 9110 section 14, RFC 9530).
var ofOldBody = []string{"Accept-Ranges", "Content-MD5", "Content-Digest", "Digest"}

// weaken makes a strong ETag weak: the bytes are not those it was made for (RFC
// 9110 section 8.8.1).
func weaken(x *Exchange) {
	tag, ok := x.Resp.Header.Get(message.ETag)
	if ok && len(tag) > 0 && tag[0] == '"' {
		x.Resp.Header.SetID(message.ETag, x.Arena.Join([]byte("W/"), tag))
	}
}

// BeginBody calls Begin of the chain's input filters. It is called once, before
// the body is read.
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

// ReadReady is ReadBody for bytes that have arrived: see Front.ReadReady.
func (x *Exchange) ReadReady(p []byte) (int, error) { return Source{}.Read(x, p, false) }

// EndFilters frees the filters' state for x. The pipeline calls it once the
// response is sent, before x is logged.
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
