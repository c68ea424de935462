package coding

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// Coding is what there is to know of a content coding for the decision about a
// response.
type Coding struct {
	Name   string // as in Content-Encoding, and the suffix of an ETag
	Off    string // a variable of the request with this name keeps its response as it is
	Force  string // one with this name has it encoded whatever the client accepts; "": there is none
	Only   string // one with this name and the value 1 keeps what is not text/html as it is; "": there is none
	Least  int64  // shorter responses are not worth it
	Module string // in log lines
	Log    string // httpd's message id of the line about what was saved; "": it has none
	Frame  int64  // bytes of every encoded body that notes do not count
}

// Tag says what becomes of the ETag of an encoded response.
type Tag uint8

// The values of DeflateAlterETag and its kin.
const (
	AddSuffix Tag = iota
	NoChange
	Remove
)

// Tags are the words for Tag, in lower case.
var Tags = map[string]Tag{"addsuffix": AddSuffix, "nochange": NoChange, "remove": Remove}

// Filter encodes responses with one coding.
type Filter struct {
	Coding
	Tag   Tag
	Notes Notes
	Pool  *Pool
}

// Notes are the names of notes for log lines; "": none is left.
type Notes struct{ Input, Output, Ratio string }

// Head implements exchange.Filter.
func (f *Filter) Head(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	e := f.weigh(x, true)
	if e&exchange.Changes != 0 {
		st := f.Pool.get()
		s.State = st
	}
	return e, nil
}

// Offer implements exchange.Encoder.
func (f *Filter) Offer(x *exchange.Exchange) int {
	if f.untouched(x) || encoded(x) {
		return 0
	}
	return f.accepted(x)
}

// weigh decides about a response, and edits its head.
func (f *Filter) weigh(x *exchange.Exchange, edit bool) exchange.Effect {
	if f.untouched(x) || encoded(x) {
		return exchange.Declines
	}
	x.Resp.Header.AddID(message.Vary, acceptEncoding) // whatever it accepts: the next client may accept more
	q := f.accepted(x)
	// Ours: where the client prefers another encoder of this response, it is used;
	// httpd takes the first.
	if q == 0 || !x.Preferred(q) {
		return exchange.Declines
	}
	f.retitle(x)
	if x.Resp.Status == 304 || x.NoBody() && x.Req.Verb == message.HEAD {
		x.Resp.Header.DelID(message.ContentLength)
		x.Resp.Header.Del("Content-MD5")
		return exchange.Declines
	}
	return exchange.Changes | exchange.OwnTag
}

var acceptEncoding = []byte("Accept-Encoding")

// untouched reports whether the response is one that this coding is not for, whatever
// the client accepts.
func (f *Filter) untouched(x *exchange.Exchange) bool {
	r := &x.Resp
	if r.Status == 204 || x.Env.Has(f.Off) || r.Header.MayHave(message.IDSet(1)<<message.ContentRange) && r.Header.Has(message.ContentRange) {
		return true
	}
	if f.Least > 0 && f.small(x) {
		return true
	}
	if f.Only != "" {
		if v, ok := x.Env.Get(f.Only); ok && string(v) == "1" {
			t, _ := r.Header.Get(message.ContentType)
			return !bytes.HasPrefix(t, []byte("text/html"))
		}
	}
	return false
}

// small reports whether the length of the body is known, and too small. The
// response to HEAD is small if a backend made it: httpd sees no body there.
func (f *Filter) small(x *exchange.Exchange) bool {
	if x.NoBody() && (x.Mapped != nil || x.Req.Verb != message.HEAD) {
		return true
	}
	return x.Resp.Body.Kind == message.Length && x.Resp.Body.Length < f.Least || x.Resp.Body.Kind == message.NoBody && !x.NoBody()
}

// accepted returns the quality with which the client accepts the coding.
func (f *Filter) accepted(x *exchange.Exchange) int {
	if f.Force != "" && x.Env.Has(f.Force) {
		return full
	}
	return Quality(&x.Req.Header, f.Name)
}

// encoded reports whether the body is encoded already.
func encoded(x *exchange.Exchange) bool {
	for _, h := range []*message.Header{&x.Resp.Header, &x.Always} {
		if v, ok := h.Get(message.ContentEncoding); ok && !plain(v) {
			return true
		}
	}
	return false
}

// plain reports whether a Content-Encoding names nothing that changes a body.
func plain(list []byte) bool {
	for len(list) > 0 {
		var token []byte
		token, list = word(list)
		switch string(token) {
		case "":
			return true
		case "identity", "7bit", "8bit", "binary":
		default:
			return false
		}
		if len(list) > 0 {
			list = list[1:]
		}
	}
	return true
}

// retitle says in the head that the body is encoded.
func (f *Filter) retitle(x *exchange.Exchange) {
	h := &x.Resp.Header
	name := x.Arena.String(f.Name)
	if v, ok := h.Get(message.ContentEncoding); ok && !ascii.EqualFoldBytes(v, []byte("identity")) && len(v) > 0 {
		name = x.Arena.Join(v, []byte(", "), name)
	}
	h.SetID(message.ContentEncoding, name)
	f.Tag.Alter(x, f.Name)
}

// Alter changes the ETag of a response whose body becomes another one.
func (t Tag) Alter(x *exchange.Exchange, suffix string) {
	h := &x.Resp.Header
	switch t {
	case Remove:
		h.DelID(message.ETag)
	case AddSuffix:
		if v, ok := h.Get(message.ETag); ok && len(v) > 2 && v[len(v)-1] == '"' {
			h.SetID(message.ETag, x.Arena.Join(v[:len(v)-1], []byte("-"), []byte(suffix), []byte{'"'}))
		}
	case NoChange:
	}
}

// Read reads the arguments of DeflateFilterNote and its kin: a type and a name, or
// the name of the note of the ratio. False: there is no such type.
func (n *Notes) Read(args []string) bool {
	if len(args) == 1 {
		n.Ratio = args[0]
		return true
	}
	switch ascii.ToLower(args[0]) {
	case "ratio":
		n.Ratio = args[1]
	case "input":
		n.Input = args[1]
	case "output":
		n.Output = args[1]
	default:
		return false
	}
	return true
}
