package headers

import (
	"bytes"
	"slices"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/wire"
)

// server adds the early edits, before other post-read steps.
func server(_ *module.Builder, s *module.Server) error {
	c, ok := slot.Peek(s.Dir)
	if !ok {
		return nil
	}
	e := &earlyStep{request: requestStep(c.request, true), response: newResponse(c, true)}
	if e.request == nil && e.response == nil {
		return nil
	}
	s.Site.PostRead = slices.Insert(s.Site.PostRead, 0, exchange.Step(e))
	s.Site.Early = true
	return nil
}

// dir adds the edits of one combination of sections.
func dir(_ *module.Builder, d *module.Dir) error {
	c, ok := slot.Peek(d.Conf)
	if !ok {
		return nil
	}
	if s := requestStep(c.request, false); s != nil {
		d.Chain.Late = append(d.Chain.Late, s)
	}
	if s := newResponse(c, false); s != nil {
		d.Chain.Response = append(d.Chain.Response, s)
		d.Chain.Edits++
	}
	return nil
}

// early returns the entries of a list that are early, or those that are not.
func early(list []*entry, is bool) (out []*entry) {
	for _, e := range list {
		if e.early == is {
			out = append(out, e)
		}
	}
	return out
}

// earlyStep makes the early edits. httpd: ap_headers_early.
type earlyStep struct {
	request  *request
	response *response
}

// Do implements exchange.Step.
func (s *earlyStep) Do(x *exchange.Exchange) error {
	if s.request != nil {
		if err := s.request.Do(x); err != nil {
			return err
		}
	}
	if s.response != nil {
		return s.response.Do(x)
	}
	return nil
}

// request edits the header of a request.
type request struct {
	entries    []*entry
	joined     []*entry // one entry for each name whose fields must be joined before the edits
	connection bool     // an edit names Connection
}

func requestStep(list []*entry, isEarly bool) *request {
	list = early(list, isEarly)
	if len(list) == 0 {
		return nil
	}
	r := &request{entries: list}
	for _, e := range list {
		r.connection = r.connection || e.id == message.Connection
		switch e.action {
		case actAppend, actMerge, actEdit, actEditAll:
			if !slices.ContainsFunc(r.joined, func(o *entry) bool { return o.same(e.id, e.name) }) {
				r.joined = append(r.joined, e)
			}
		}
	}
	return r
}

// Do implements exchange.Step.
func (r *request) Do(x *exchange.Exchange) error {
	for _, e := range r.joined {
		e.join(x, &x.Req.Header)
	}
	for _, e := range r.entries {
		if !e.carryOut(x, &x.Req.Header, "request", nil, e.applies(x)) {
			x.Logf(logsink.Error, "headers", "AH01504", "Regular expression replacement failed (replacement too long?)")
			break
		}
	}
	if r.connection {
		persist(x)
	}
	return nil
}

// persist keeps or closes the client's connection as the edited Connection field
// says. The field itself is not forwarded. A connection that must close because
// of the request's body is not kept. httpd: ap_set_keepalive reads the field when
// the response is sent.
func persist(x *exchange.Exchange) {
	h := &x.Req.Header
	switch {
	case wire.HasToken(h, message.Connection, "close"), x.Req.Version < message.HTTP11 && !wire.HasToken(h, message.Connection, "keep-alive"):
		x.Req.Close = true
	case x.Req.Body.Kind == message.NoBody && x.Req.Verb != message.CONNECT:
		x.Req.Close = false
	}
	hop(h)
}

// hop marks Connection as hop-by-hop: the front makes the one that is sent.
func hop(h *message.Header) {
	rows := h.Rows()
	for i := range rows {
		if rows[i].ID == message.Connection {
			rows[i].Flags |= message.Hop
		}
	}
}

// response edits the header of a response.
type response struct {
	always, out []*entry
	isEarly     bool
	typed       bool // an edit names Content-Type
	ours        bool // an edit names Date or Server
	connection  bool // an edit names Connection
}

func newResponse(c *conf, isEarly bool) *response {
	r := &response{always: early(c.always, isEarly), out: early(c.response, isEarly), isEarly: isEarly}
	if len(r.always)+len(r.out) == 0 {
		return nil
	}
	for _, e := range slices.Concat(r.always, r.out) {
		switch e.id {
		case message.ContentType:
			r.typed = true
		case message.Date, message.Server:
			r.ours = true
		case message.Connection:
			r.connection = true
		}
	}
	return r
}

// Do implements exchange.Step. httpd: ap_headers_output_filter, and
// ap_headers_error_filter for the pages of the server.
func (r *response) Do(x *exchange.Exchange) error {
	if x.Made == exchange.ByCore && !r.isEarly {
		return nil
	}
	h := &x.Resp.Header
	var t contentType
	if r.typed && !r.isEarly {
		t.take(h)
	}
	applies := (*entry).appliesTo
	if r.isEarly {
		applies = (*entry).applies
	}
	if run(x, &x.Always, r.always, &t, applies) && (r.isEarly || x.Made == exchange.ByHandler) {
		run(x, h, r.out, &t, applies)
	}
	if r.isEarly {
		keepCookies(x)
		return nil
	}
	if r.typed {
		t.put(x)
	}
	if r.ours {
		own(x, message.Date)
		own(x, message.Server)
	}
	if r.connection {
		closing(x, &x.Always)
		closing(x, h)
	}
	return nil
}

// run applies the edits of one table, and returns false after one that failed.
// httpd: do_headers_fixup.
func run(x *exchange.Exchange, h *message.Header, list []*entry, t *contentType, applies func(*entry, *exchange.Exchange) bool) bool {
	for _, e := range list {
		if !e.carryOut(x, h, "response", t, applies(e, x)) {
			x.Logf(logsink.Error, "headers", "AH01504", "Regular expression replacement failed (replacement too long?)")
			return false
		}
	}
	return true
}

// keepCookies saves the cookies that early edits set: a backend's response
// replaces all other fields (httpd: ap_proxy_http_process_response).
func keepCookies(x *exchange.Exchange) {
	x.Cookies.Reset()
	rows := x.Resp.Header.Rows()
	for i := range rows {
		if f := &rows[i]; f.ID == message.SetCookie && f.Flags&message.Dropped == 0 {
			x.Cookies.Append(f.ID, f.Name, f.Value)
		}
	}
}

// carryOut applies e if its condition holds, and records that if the exchange has
// a recorder. t is the response's content type; it is nil where h is a request's
// header.
func (e *entry) carryOut(x *exchange.Exchange, h *message.Header, of string, t *contentType, holds bool) bool {
	if x.Recorder != nil {
		return e.recorded(x, h, of, t, holds)
	}
	return !holds || e.make(x, h, t)
}

// make applies the edit, to the content type too.
func (e *entry) make(x *exchange.Exchange, h *message.Header, t *contentType) bool {
	if t != nil && e.id == message.ContentType {
		t.edit(x, h, e)
	}
	return e.edit(x, h)
}

// contentType is the type of a response, which httpd keeps outside of the header
// tables (r->content_type). If known, it is sent in place of the Content-Type
// fields in the tables.
type contentType struct {
	value []byte
	known bool
}

func (t *contentType) take(h *message.Header) { t.value, t.known = h.Get(message.ContentType) }

// edit applies e to the type as if it were a field.
func (t *contentType) edit(x *exchange.Exchange, h *message.Header, e *entry) {
	switch e.action {
	case actSetIfEmpty:
		if e.find(h, 0) >= 0 {
			return
		}
		t.value, t.known = e.value.of(x), true
	case actSet:
		t.value, t.known = e.value.of(x), true
	case actUnset:
		t.known = false
	case actEdit, actEditAll:
		if t.known {
			if v, ok := e.replace(x, t.value); ok {
				t.value = v
			}
		}
	}
}

func (t *contentType) put(x *exchange.Exchange) {
	if t.known {
		x.Always.DelID(message.ContentType)
		x.Resp.Header.SetID(message.ContentType, t.value)
	}
}

// own keeps only the first field with this name, for Date and Server. If the
// request did not go to a backend it drops all, because the server makes these
// fields itself (httpd: ap_basic_http_header).
func own(x *exchange.Exchange, id message.NameID) {
	proxied := bytes.HasPrefix(x.Filename, []byte("proxy:"))
	found := !proxied
	for _, h := range [...]*message.Header{&x.Always, &x.Resp.Header} {
		rows := h.Rows()
		for i := range rows {
			if f := &rows[i]; f.ID == id && f.Flags&message.Dropped == 0 {
				if found {
					f.Flags |= message.Dropped
				}
				found = true
			}
		}
	}
}

// closing ends the client's connection after this response if the header has
// "Connection: close". The front makes the field that is sent.
func closing(x *exchange.Exchange, h *message.Header) {
	if wire.HasToken(h, message.Connection, "close") {
		x.Req.Close = true
	}
	hop(h)
}
