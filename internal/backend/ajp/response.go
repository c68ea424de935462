package ajp

import (
	"encoding/binary"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/wire"
)

const (
	errStatus = failure("an interim status")
	errCode   = failure("the code of a field that there is none of")
	errName   = failure("the name of a field is not one")
	errValue  = failure("the value of a field, or the reason phrase, has control characters")
)

// parser reads the parts of a packet. After an error all of them are empty.
type parser struct {
	b   []byte
	err error // the first
}

func (p *parser) fail(err error) {
	if p.b = nil; p.err == nil {
		p.err = err
	}
}

func (p *parser) int() int {
	if len(p.b) < 2 {
		p.fail(errShort)
		return 0
	}
	n := binary.BigEndian.Uint16(p.b)
	p.b = p.b[2:]
	return int(n)
}

// text reads a string; nil if there is none.
func (p *parser) text() []byte {
	n := p.int()
	switch {
	case n == null:
		return nil
	case len(p.b) < n+1:
		p.fail(errShort)
		return nil
	}
	s := p.b[:n:n]
	p.b = p.b[n+1:]
	return s
}

// noBody reports whether the response whose head is p has no body to pass on.
func (c *codec) noBody(p []byte) bool {
	return c.x.Req.Verb == message.HEAD || len(p) >= 2 && message.NoContent(int(binary.BigEndian.Uint16(p)))
}

// parseHead reads the content of a packet of headers, without its type, into r.
// httpd: ajp_unmarshal_response.
func parseHead(b []byte, r *message.Response) error {
	r.Reset()
	p := parser{b: b}
	r.Version, r.Status = message.HTTP11, p.int()
	if r.Reason = p.text(); !wire.ValidValue(r.Reason) {
		return errValue
	}
	switch {
	case p.err != nil:
		return p.err
	case r.Status >= 100 && r.Status < 200:
		return errStatus
	case r.Status < 200 || r.Status > 999:
		r.Status, r.Reason = 500, nil // httpd: ap_get_status_line
	}
	for n := p.int(); n > 0 && p.err == nil; n-- {
		name := p.name()
		value := p.text()
		switch {
		case p.err != nil:
		case value == nil:
			return errShort
		case !wire.ValidName(name):
			return errName
		case !wire.ValidValue(value):
			return errValue
		default:
			add(&r.Header, name, value)
		}
	}
	if p.err != nil {
		return p.err
	}
	_, err := wire.MarkHop(&r.Header)
	return err
}

// add adds a field. Of those that say the type the last one counts (httpd:
// ap_set_content_type).
func add(h *message.Header, name, value []byte) {
	id := message.IDOf(name)
	if id == message.ContentType {
		h.DelID(id)
	}
	h.Append(id, name, value)
}

// name reads the name of a field, which may be a code.
func (p *parser) name() []byte {
	if len(p.b) < 2 || p.b[0] != codes>>8 {
		return p.text()
	}
	code := int(p.b[1])
	p.b = p.b[2:]
	if code == 0 || code >= len(responseNames) {
		p.fail(errCode)
		return nil
	}
	return responseNames[code]
}
