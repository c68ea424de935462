// Package reflector is mod_reflector: the handler reflector, which sends the body of a
// POST back as it arrives, through all filters of requests and responses.
//
// Imports module and the layers below it.
package reflector

import (
	"errors"
	"io"
	"slices"

	"github.com/headgate/headgate/internal/conditional"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
)

// name is that of the handler.
const name = "reflector"

// field is one ReflectorHeader: the name in the request, and that in the response.
type field struct {
	in  string
	out []byte
}

// conf is what a section says.
type conf struct{ fields []field }

// slot identifies a section's conf. Fields of outer sections come last and so prevail,
// as in httpd.
var slot = directive.Slot[conf]{Name: "reflector", Merge: func(base, add *conf) *conf {
	return &conf{slices.Concat(add.fields, base.fields)}
}}

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_reflector", ID: "reflector_module", Dir: dir,
		Rows: []directive.Row{{Name: "ReflectorHeader", Tier: directive.Honoured, Set: setField}},
	}
}

// framing are the fields that the server makes itself.
var framing = message.SetOf(message.ContentLength, message.TransferEncoding, message.Trailer, message.TE, message.Connection, message.KeepAlive, message.Upgrade)

func setField(c *directive.Call) error {
	f := field{c.Arg(0), []byte(c.Arg(0))}
	if to := c.Arg(1); to != "" {
		f.out = []byte(to)
	}
	if id := message.IDOf(f.out); id != message.Other && message.SetOf(id)&framing != 0 {
		return c.Errorf("the field %s says how a message is sent: the server makes it itself", f.out)
	}
	s := slot.Of(c.Dir)
	s.fields = append(s.fields, f)
	return nil
}

// Handlers are the handlers that configurations can name.
func Handlers() []module.HandlerKind {
	return []module.HandlerKind{{Name: name, Judge: func(*directive.Call, string) (directive.Tier, string) { return directive.Honoured, "" }}}
}

// dir adds the handler of one combination of sections.
func dir(b *module.Builder, d *module.Dir) error {
	if !b.Present("reflector_module") {
		return nil
	}
	h := &handler{}
	if c, ok := slot.Peek(d.Conf); ok {
		h.fields = c.fields
	}
	d.Chain.Handlers = append(d.Chain.Handlers, h)
	return nil
}

// handler is the handler of one combination of sections.
type handler struct{ fields []field }

// Handle implements exchange.Handler.
func (h *handler) Handle(x *exchange.Exchange) error {
	switch {
	case x.HandlerName != name:
		return exchange.ErrDeclined
	case x.Req.Verb == message.POST:
		return h.reflect(x)
	}
	allow := "POST,OPTIONS,TRACE"
	if x.Site.Trace == exchange.TraceOff {
		allow = "POST,OPTIONS"
	}
	if x.Req.Verb == message.OPTIONS {
		x.Resp.Status = 200
		x.Resp.Header.AddID(message.Allow, x.Arena.String(allow))
		return x.SendHead(true)
	}
	r := x.Reply(405)
	r.Cause = fault.MethodNotAllowed
	r.Fields = append(r.Fields, message.Field{ID: message.Allow, Name: []byte("Allow"), Value: x.Arena.String(allow)})
	return r
}

// reflect sends the body back. A part of it is read before the head is sent: only then
// does a client that waits for 100 begin, and a body that fails at once gets its error.
func (h *handler) reflect(x *exchange.Exchange) error {
	b := x.Loop.Buffer()
	defer x.Loop.Return(b)
	n, err := read(x, b.Bytes)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	h.head(x)
	if err != nil && n == 0 {
		return x.SendHead(true)
	}
	if err := x.SendHead(false); err != nil {
		return err
	}
	for err == nil {
		if err := x.SendBody(b.Bytes[:n], false); err != nil {
			return err
		}
		if n, err = x.ReadReady(b.Bytes); n > 0 || err != nil {
			continue
		}
		if err := x.Flush(); err != nil { // what has arrived does not wait for more
			return err
		}
		n, err = x.ReadBody(b.Bytes)
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	return x.SendBody(b.Bytes[:n], true)
}

// read reads the first bytes of the body.
func read(x *exchange.Exchange, p []byte) (int, error) {
	if x.Req.Body.Kind == message.NoBody || x.Redirected != nil {
		return 0, io.EOF
	}
	return x.ReadBody(p)
}

// head makes the head of the response.
func (h *handler) head(x *exchange.Exchange) {
	r := &x.Resp
	r.Status = 200
	for _, f := range h.fields {
		if v, ok := value(x, f.in); ok {
			r.Header.Del(string(f.out))
			r.Header.Add(f.out, v)
		}
	}
	if !r.Header.Has(message.LastModified) {
		r.Header.AddID(message.LastModified, x.Loop.Now().UTC().AppendFormat(x.Arena.Alloc(len(conditional.Fixdate)), conditional.Fixdate))
	}
	if v, ok := x.Req.Header.Get(message.ContentType); ok {
		r.Header.SetID(message.ContentType, v)
	}
	r.Header.Del("Accept-Ranges")
	r.Header.Add(acceptRanges, inBytes) // httpd says so, though a POST has no ranges
	r.Body = message.Framing{Kind: message.Unknown}
	if x.Req.Body.Kind == message.Length {
		r.Body = x.Req.Body
		r.Header.SetID(message.ContentLength, x.Arena.Int(r.Body.Length))
	}
}

var (
	acceptRanges = []byte("Accept-Ranges")
	inBytes      = []byte("bytes")
)

// value returns the values of the request's fields with a name, as one.
func value(x *exchange.Exchange, name string) (v []byte, ok bool) {
	h := &x.Req.Header
	for i := h.Next(0, name); i >= 0; i = h.Next(i+1, name) {
		if !ok {
			v, ok = h.At(i).Value, true
			continue
		}
		v = x.Arena.Join(v, []byte(", "), h.At(i).Value)
	}
	return v, ok
}
