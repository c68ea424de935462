package pipeline

import (
	"strconv"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/negotiate"
	"github.com/headgate/headgate/internal/uri"
	"github.com/headgate/headgate/internal/wire"
)

// stockPage responds with a generated page; beginError has made the head.
func (p *Pipeline) stockPage(x *exchange.Exchange, status int, f *fault.Fault) {
	if _, ok := x.Resp.Header.Get(message.RetryAfter); status == 503 && f.Side == fault.Backend && !ok {
		x.Resp.Header.AddID(message.RetryAfter, x.Arena.String("1"))
	}
	switch {
	case status == 405 && x.Req.Verb == message.TRACE:
		x.Resp.Header.AddID(message.Allow, nil)
	case f.Allow:
		x.Resp.Header.AddID(message.Allow, x.Arena.String(allowed(x)))
	}
	p.sendPage(x, page(x, status, f), exchange.PageType)
}

// beginError makes x.Resp the head of an error response.
func (p *Pipeline) beginError(x *exchange.Exchange, status int, f *fault.Fault) {
	x.Resp.Reset()
	x.Resp.Status = status
	x.Made = exchange.ByStatus
	x.Resp.Header.Prepend(&x.Always) // fields added later come before these, and do not find them
	x.Always.Reset()
	if f.Reason != "" {
		x.Resp.Reason = x.Arena.String(f.Reason)
	}
	for _, k := range x.Keep {
		x.Resp.Header.Append(k.ID, k.Name, k.Value)
		x.Resp.Header.At(x.Resp.Header.Len() - 1).Flags = k.Flags
	}
	x.Keep = x.Keep[:0]
}

// sendPage sends a generated body; x.Resp has the status and further fields.
func (p *Pipeline) sendPage(x *exchange.Exchange, body []byte, contentType string) {
	x.Resp.Header.AddID(message.ContentType, x.Arena.String(contentType))
	if x.Req.Verb != message.HEAD { // httpd: no length for HEAD
		x.Resp.Header.AddID(message.ContentLength, x.Arena.Int(int64(len(body))))
	}
	x.Resp.Body = message.Framing{Kind: message.Length, Length: int64(len(body))}
	if x.Site.ServerHeader != nil {
		x.Resp.Header.AddID(message.Server, x.Site.ServerHeader)
	}
	bodiless := len(body) == 0 || x.Req.Verb == message.HEAD
	if bodiless {
		p.sendHead(x)
		return
	}
	err := x.SendHead(false)
	if err == nil {
		err = x.SendBody(body, true)
	}
	if err != nil {
		x.Truncated = true
		p.noteAbort(x, err)
		x.Front.Abort(err)
	}
}

// sendHead sends a generated response without a body.
func (p *Pipeline) sendHead(x *exchange.Exchange) {
	if err := x.SendHead(true); err != nil {
		x.Truncated = true
		p.noteAbort(x, err)
		x.Front.Abort(err)
	}
}

// page makes the stock page of a status: title and heading as in httpd, the
// sentence in our words.
func page(x *exchange.Exchange, status int, f *fault.Fault) []byte {
	text := wire.StatusText(status)
	if f != nil && f.Reason != "" {
		text = f.Reason
	}
	b := make([]byte, 0, 640)
	b = append(b, "<!DOCTYPE html>\n<html><head>\n<title>"...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(uri.AppendHTML(append(b, ' '), []byte(text)), "</title>\n</head><body>\n<h1>"...)
	b = append(uri.AppendHTML(b, []byte(text)), "</h1>\n<p>"...)
	said := sentence(status)
	if f != nil && f.Page != "" {
		said = f.Page
	}
	b = append(append(b, said...), "</p>\n"...)
	if list, ok := x.Notes.Get(negotiate.ListNote); ok && (status == 300 || status == 406) {
		b = append(b, list...)
	}
	if status >= 300 && status < 400 {
		if l, ok := x.Resp.Header.Get(message.Location); ok {
			b = uri.AppendHTML(append(b, `<p><a href="`...), l)
			b = append(b, "\">Go there</a>.</p>\n"...)
		}
	}
	if status >= 500 {
		b = append(b, "<p>Reference: <code>"...)
		b = append(uri.AppendHTML(b, x.Reference()), "</code></p>\n"...)
	}
	b = appendSignature(b, x)
	return append(b, "</body></html>\n"...)
}

// sentence explains a status to the reader of the page. It never mentions
// backends.
func sentence(status int) string {
	if s, ok := sentences[status]; ok {
		return s
	}
	if status < 400 {
		return sentences[302]
	}
	if status >= 500 {
		return "The server could not complete this request."
	}
	return "The server does not accept this request."
}

var sentences = map[int]string{
	300: "What you asked for exists in several forms.",
	302: "What you asked for is at another address.",
	400: "Your client sent a request that this server could not understand.",
	401: "You have to say who you are, with credentials that are accepted here.",
	403: "You are not allowed to have this.",
	404: "There is nothing at this address.",
	405: "This method cannot be used at this address.",
	406: "What you asked for does not exist in a form that your client accepts.",
	408: "Your client took too long to send its request.",
	413: "Your client sent more than is accepted here.",
	414: "The address your client sent is longer than is accepted here.",
	421: "This server does not serve that host on the connection that was used. A new connection may help.",
	417: "Your client expects something this server does not do.",
	431: "The header your client sent is larger than is accepted here.",
	500: "Something went wrong inside this server. Its log says what.",
	501: "This server does not know how to do that.",
	502: "The server behind this one did not give a valid answer.",
	503: "The service cannot be reached at the moment. Please try again later.",
	504: "The server behind this one did not answer in time.",
}

// appendSignature adds the line of ServerSignature.
func appendSignature(b []byte, x *exchange.Exchange) []byte {
	if x.Chain == nil || x.Chain.Signature == exchange.SignatureOff {
		return b
	}
	return x.AppendSignature(append(b, "<hr>\n"...))
}
