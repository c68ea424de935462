package headers

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/rx"
)

// applies evaluates the condition of an edit of the request, or of an early one.
func (e *entry) applies(x *exchange.Exchange) bool {
	if e.cond == nil {
		return e.env == "" || x.Env.Has(e.env) != e.notEnv
	}
	ok, err := e.evals.Bool(e.cond, x)
	return e.told(x, ok, err)
}

// appliesTo evaluates the condition of an edit of a response. The request headers
// that the condition reads are added to the response's Vary.
func (e *entry) appliesTo(x *exchange.Exchange) bool {
	if e.cond == nil {
		return e.applies(x)
	}
	ok, err := e.evals.BoolVary(e.cond, x, &x.Resp.Header)
	return e.told(x, ok, err)
}

// told returns whether to make an edit, by the outcome of its expression. httpd:
// an edit whose expression fails is made.
func (e *entry) told(x *exchange.Exchange, ok bool, err error) bool {
	if err == nil {
		return ok
	}
	x.Logf(logsink.Error, "headers", "AH01501", "Failed to evaluate expression (%v) - ignoring", err)
	return true
}

// same reports whether a field has the name of e.
func (e *entry) same(id message.NameID, name []byte) bool {
	return e.id == id && (id != message.Other || ascii.EqualFoldBytes(name, e.name))
}

// find returns the index of the first field with e's name from i on, or -1. It
// skips the peer's hop-by-hop fields.
func (e *entry) find(h *message.Header, i int) int {
	if !h.MayHave(message.SetOf(e.id)) {
		return -1
	}
	rows := h.Rows()
	for ; i < len(rows); i++ {
		if f := &rows[i]; f.Flags&(message.Dropped|message.Hop) == 0 && e.same(f.ID, f.Name) {
			return i
		}
	}
	return -1
}

// edit applies e to h. It returns false when a replacement is too long; then the
// remaining edits of the list are skipped.
func (e *entry) edit(x *exchange.Exchange, h *message.Header) bool {
	switch e.action {
	case actUnset:
		e.drop(h)
		return true
	case actEcho:
		e.echo(x)
		return true
	}
	at := e.find(h, 0)
	switch e.action {
	case actSet:
		if v := e.value.of(x); at < 0 {
			e.drop(h)
			e.add(h, v)
		} else {
			h.At(at).Value = v
			e.dropFrom(h, at+1)
		}
	case actSetIfEmpty:
		if at < 0 {
			e.add(h, e.value.of(x))
		}
	case actAdd:
		e.add(h, e.value.of(x))
	case actAppend:
		e.append(x, h, at, e.value.of(x))
	case actMerge:
		if v := e.value.of(x); at < 0 || !hasToken(h.At(at).Value, v) {
			e.append(x, h, at, v)
		}
	case actEdit, actEditAll:
		return e.replaceAll(x, h, at)
	case actNote:
		if at >= 0 {
			x.Notes.Set(string(e.value.of(x)), h.At(at).Value)
		}
	}
	return true
}

// add adds a field. A hop-by-hop field is marked, so that it is not forwarded.
func (e *entry) add(h *message.Header, v []byte) {
	h.Append(e.id, e.name, v)
	if message.SetOf(e.id)&hops != 0 && e.id != message.Other && e.id != message.Connection {
		h.At(h.Len() - 1).Flags = message.Hop
	}
}

// append appends v to the value of the field with index at, or adds a field if
// at is -1 (httpd: apr_table_merge).
func (e *entry) append(x *exchange.Exchange, h *message.Header, at int, v []byte) {
	if at < 0 {
		e.add(h, v)
		return
	}
	f := h.At(at)
	f.Value = x.Arena.Join(f.Value, separator, v)
}

var separator = []byte(", ")

func (e *entry) drop(h *message.Header) {
	if h.MayHave(message.SetOf(e.id)) {
		e.dropFrom(h, 0)
	}
}

func (e *entry) dropFrom(h *message.Header, i int) {
	rows := h.Rows()
	for ; i < len(rows); i++ {
		if f := &rows[i]; e.same(f.ID, f.Name) {
			f.Flags |= message.Dropped
		}
	}
}

// join combines the fields with e's name into one, as httpd does when it reads a
// request.
func (e *entry) join(x *exchange.Exchange, h *message.Header) {
	first := e.find(h, 0)
	if first < 0 {
		return
	}
	for i := e.find(h, first+1); i >= 0; i = e.find(h, i+1) {
		h.At(first).Value = x.Arena.Join(h.At(first).Value, separator, h.At(i).Value)
		h.At(i).Flags |= message.Dropped
	}
}

// echo copies the request's fields whose names match to the response, except
// framing and hop-by-hop fields.
func (e *entry) echo(x *exchange.Exchange) {
	rows := x.Req.Header.Rows()
	for i := range rows {
		f := &rows[i]
		skip := f.Flags&(message.Dropped|message.Hop) != 0 || f.ID != message.Other && message.SetOf(f.ID)&hops != 0
		if !skip && e.re.Match(f.Name) {
			x.Resp.Header.Append(f.ID, f.Name, f.Value)
		}
	}
}

// hasToken reports whether a comma-separated list has an element that equals want
// byte for byte. Commas inside double quotes do not separate (httpd: the loop of
// hdr_merge).
func hasToken(list, want []byte) bool {
	for i := 0; i < len(list); i++ {
		for i < len(list) && ascii.IsSpace(list[i]) {
			i++
		}
		begin := i
		for i < len(list) && list[i] != ',' {
			quoted := list[i] == '"'
			for i++; quoted && i < len(list); i++ {
				if list[i] == '"' {
					i++
					break
				}
			}
		}
		if bytes.Equal(list[begin:i], want) {
			return true
		}
	}
	return false
}

// replaceAll edits the values of all fields with e's name, from index at on. The
// edited fields move to the end of the header, as in httpd.
func (e *entry) replaceAll(x *exchange.Exchange, h *message.Header, at int) bool {
	for i, end := at, h.Len(); i >= 0 && i < end; i = e.find(h, i+1) {
		v, ok := e.replace(x, h.At(i).Value)
		if !ok {
			return false
		}
		f := h.At(i)
		f.Flags |= message.Dropped
		h.Append(f.ID, f.Name, v)
	}
	return true
}

const (
	maxSpans       = 20   // start and end of $0 to $9
	maxReplacement = 8192 // bytes of one replacement (httpd: AP_PREGSUB_MAXLEN)
	maxValue       = 1 << 16
)

// replace edits one value. It returns false when a replacement is too long. After
// a match edit* treats the rest as a new subject, so ^ matches at its beginning
// (httpd: process_regexp). After an empty match one byte is kept and skipped;
// httpd would loop for ever.
func (e *entry) replace(x *exchange.Exchange, v []byte) ([]byte, bool) {
	var buf [maxSpans]int
	spans := e.re.Find(buf[:0], v)
	if spans == nil {
		return v, true
	}
	template := e.value.template(x)
	out := x.Arena.Alloc(len(v) + len(template) + 64)
	for spans != nil {
		out = append(out, v[:spans[0]]...)
		before := len(out)
		out = rx.Expand(out, template, v, spans)
		if len(out)-before > maxReplacement || len(out) > maxValue {
			return nil, false
		}
		end := spans[1]
		last := e.action == actEdit
		if spans[0] == end && !last {
			if last = end == len(v); !last {
				out = append(out, v[end])
				end++
			}
		}
		if v = v[end:]; last {
			break
		}
		spans = e.re.Find(buf[:0], v)
	}
	return clean(append(out, v...)), true
}
