package pipeline

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/wire"
)

// answerOptions responds to OPTIONS for a resource that no module handled, and
// to OPTIONS *. Fields that early edits added to the response stay.
func answerOptions(x *exchange.Exchange) error {
	x.Resp.Status = 200
	if wholeServer(x) {
		x.Made = exchange.ByCore
	} else {
		x.Resp.Header.AddID(message.Allow, x.Arena.String(allowed(x)))
	}
	return x.SendHead(true)
}

// allowed lists the methods of a resource that no module handled.
func allowed(x *exchange.Exchange) string {
	if x.Site.Trace == exchange.TraceOff {
		return "GET,POST,OPTIONS,HEAD"
	}
	return "GET,POST,OPTIONS,HEAD,TRACE"
}

// answerTrace sends the request head back, without secret fields (RFC 9110
// section 9.3.8).
func answerTrace(x *exchange.Exchange) error {
	b := append(x.Arena.Alloc(len(x.Req.Line)+512), x.Req.Line...)
	b = append(b, "\r\n"...)
	h := &x.Req.Header
	for i := range h.Len() {
		f := h.At(i)
		switch f.ID {
		case message.Authorization, message.ProxyAuthorization, message.Cookie:
			continue
		}
		b = append(append(append(append(b, f.Name...), ": "...), f.Value...), "\r\n"...)
	}
	b = wire.AppendEnd(b)
	x.Made = exchange.ByCore
	x.Resp.Status = 200
	x.Resp.Header.AddID(message.ContentType, []byte("message/http"))
	x.Resp.Body = message.Framing{Kind: message.Unknown} // httpd: without a length
	if err := x.SendHead(false); err != nil {
		return err
	}
	return x.SendBody(b, true)
}
