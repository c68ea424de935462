package module

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/page"
)

// SendPage sends a page about the server, which no cache may keep. A page for
// people has the policy of package page.
func SendPage(x *exchange.Exchange, html bool, text string, fields ...message.Field) error {
	if !html {
		return Send(x, "text/plain; charset=ISO-8859-1", text, fields...)
	}
	policy := message.Field{Name: x.Arena.String("Content-Security-Policy"), Value: x.Arena.String(page.Policy)}
	return Send(x, "text/html; charset=utf-8", text, append([]message.Field{policy}, fields...)...)
}

// Send sends a response about the server, which no cache may keep, with a Content-Type.
func Send(x *exchange.Exchange, kind, text string, fields ...message.Field) error {
	r := &x.Resp
	r.Status = 200
	r.Header.AddID(message.ContentType, x.Arena.String(kind))
	r.Header.Add(x.Arena.String("Cache-Control"), x.Arena.String("no-store"))
	for _, f := range fields {
		r.Header.Add(f.Name, f.Value)
	}
	r.Body = message.Framing{Kind: message.Length, Length: int64(len(text))}
	if err := x.SendHead(false); err != nil {
		return err
	}
	return x.SendBody([]byte(text), true)
}
