package pipeline

import (
	"errors"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/wire"
)

// fail is the only function that turns a fault into a status, a log line and a
// response.
func (p *Pipeline) fail(x *exchange.Exchange, f *fault.Fault) {
	if x.Fault == nil {
		x.Fault = f
	}
	x.Revoke()
	status := statusOf(f)
	p.name(x, f, status)
	if x.Recorder != nil {
		recordFault(x, f, status)
	}
	if f.Replace {
		x.Fault = nil // the backend responded: nothing failed
	} else {
		logFault(x, f, status)
	}
	if x.Committed {
		x.Truncated = true
		x.Front.Abort(f)
		return
	}
	if f.Mute {
		x.Status = status
		return
	}
	if f.ByStop() || f.Side == fault.Client && f.Kind == fault.Aborted {
		x.Truncated = true
		x.Status = status
		x.Front.Abort(f)
		return
	}
	if f.Close {
		x.Req.Close = true
	}
	p.respondError(x, status, f)
}

// statusOf returns the status of the response to a fault.
func statusOf(f *fault.Fault) int {
	if f.Status != 0 || f.ByStop() {
		return f.Status // 0 if no response is sent
	}
	if f.Side != fault.Backend {
		if f.Side == fault.Client {
			return 400
		}
		return 500
	}
	switch f.Phase {
	case fault.Acquire, fault.Connect:
		return 503
	case fault.Resolve, fault.Handshake:
		return 502
	}
	switch f.Kind {
	case fault.Timeout:
		return 504
	case fault.Unavailable, fault.Exhausted:
		return 503
	}
	return 502
}

// logFault logs a fault. A client's error is logged at info, as in httpd.
func logFault(x *exchange.Exchange, f *fault.Fault, status int) {
	level := logsink.Error
	switch {
	case f.ByStop():
		level = logsink.Notice
	case f.Side == fault.Client && f.Kind != fault.Denied:
		level = logsink.Info
	}
	answer := "answered"
	switch {
	case f.Mute:
		answer = "closed without an answer,"
	case x.Committed:
		answer = "response cut after"
		status = x.Status
	case f.ByStop():
		x.Logf(level, f.Module, f.ID, "%s; not answered; cause=%s", f.Describe(), f.Named())
		return
	}
	if !x.Logs(level, f.Module) {
		return
	}
	before := x.Tries.Before(f)
	if before != "" {
		before = "; tried before: " + before
	}
	if f.Outcome != "" {
		before = "; " + f.Outcome + before
	}
	x.Logf(level, f.Module, f.ID, "%s%s; %s %d; %s", f.Describe(), before, answer, status, fields(x, f))
}

// reply sends a response that a step or handler has decided on.
func (p *Pipeline) reply(x *exchange.Exchange, r *exchange.Reply) {
	f := &fault.Fault{Side: fault.Proxy, Phase: fault.Map, Kind: fault.Denied, Cause: r.Named(), Module: "core", Status: r.Status, Reason: r.Reason}
	if r.Status >= 400 {
		p.name(x, f, r.Status)
	}
	x.Keep = append(x.Keep, r.Fields...)
	if r.Location != nil {
		x.Keep = append(x.Keep, message.Field{ID: message.Location, Name: []byte("Location"), Value: r.Location})
	}
	if message.NoContent(r.Status) {
		p.beginError(x, r.Status, f)
		p.sendHead(x)
		return
	}
	if r.Body == nil {
		p.respondError(x, r.Status, f)
		return
	}
	p.beginError(x, r.Status, f)
	p.sendPage(x, r.Body, r.Type)
}

// respondError responds with the ErrorDocument of the status, else the stock
// page.
func (p *Pipeline) respondError(x *exchange.Exchange, status int, f *fault.Fault) {
	if wire.DropsConnection(status) {
		x.Req.Close = true // whatever the status of the document is (httpd: ap_die_r)
	}
	doc, ok := errorDoc(x, status)
	if ok && x.Recorder != nil {
		recordDocument(x, status, doc)
	}
	switch {
	case !ok || doc.Form == exchange.DocText || f.Unread: // httpd: ap_read_request
	case doc.Form == exchange.DocURL && status != 401: // httpd: a 401 must carry its challenge
		if url := p.docValue(x, doc, status); url != nil {
			p.redirectTo(x, url)
			return
		}
	case doc.Form == exchange.DocPath && x.Redirected == nil && x.Req.Path != nil:
		if path := p.docValue(x, doc, status); path != nil && p.errorDocument(x, status, path) {
			return
		}
	}
	p.beginError(x, status, f)
	if ok && doc.Form == exchange.DocText {
		if text := p.docValue(x, doc, status); text != nil {
			p.sendPage(x, text, exchange.PageType)
			return
		}
	}
	p.stockPage(x, status, f)
}

// errorDoc returns the ErrorDocument of a status, if there is one.
func errorDoc(x *exchange.Exchange, status int) (doc exchange.ErrorDoc, ok bool) {
	if x.Chain == nil || x.Chain.ErrorDocs == nil {
		return doc, false
	}
	doc, ok = x.Chain.ErrorDocs.ByStatus[status]
	return doc, ok && doc.Value != nil
}

// docValue evaluates an ErrorDocument; nil when it cannot be evaluated. httpd:
// the expression of a text sees the status, that of a URL does not yet.
func (p *Pipeline) docValue(x *exchange.Exchange, doc exchange.ErrorDoc, status int) []byte {
	if doc.Form != exchange.DocText {
		x.Resp.Status = 0
	}
	value, err := p.expressions.String(doc.Value, x)
	if err != nil {
		x.Logf(logsink.Error, "core", "AH02841", "the expression of ErrorDocument %d cannot be evaluated: %v", status, err)
		return nil
	}
	return value
}

// redirectTo sends the client to another URL; the status is lost, as in httpd.
func (p *Pipeline) redirectTo(x *exchange.Exchange, url []byte) {
	p.beginError(x, 302, &fault.Fault{Side: fault.Proxy, Phase: fault.Map, Kind: fault.Denied, Cause: fault.StatusByRule, Module: "core"})
	x.Resp.Header.AddID(message.Location, url)
	p.sendPage(x, page(x, 302, nil), exchange.PageType)
}

// failedDocument logs that an error document could not be made. True: a part of
// it was sent.
func (p *Pipeline) failedDocument(x *exchange.Exchange, status int, target []byte, err error) bool {
	var r *exchange.Reply
	second := &fault.Fault{Side: fault.Proxy, Module: "core", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.StatusByRule, Detail: "it is answered by a reply"}
	if errors.As(err, &r) {
		second.Status = r.Status
	} else {
		second = fault.Of(err)
	}
	if x.Committed {
		x.Truncated = true
		x.Front.Abort(second)
		return true
	}
	x.Logf(logsink.Error, "core", "", "ErrorDocument %s for status %d failed: %s", target, status, second.Describe())
	return false
}
