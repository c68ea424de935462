package module

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/page"
)

// SendPage sends a page about the server, which no cache may keep. A page for
// people has the policy of package page.
func SendPage(x *exchange.Exchange, html bool, text string, fields ...message.Field) error {
	kind := "text/plain; charset=ISO-8859-1"
	if html {
		kind = "text/html; charset=utf-8"
	}
	r := &x.Resp
	r.Status = 200
	r.Header.AddID(message.ContentType, x.Arena.String(kind))
	r.Header.Add(x.Arena.String("Cache-Control"), x.Arena.String("no-store"))
	if html {
		r.Header.Add(x.Arena.String("Content-Security-Policy"), x.Arena.String(page.Policy))
	}
	for _, f := range fields {
		r.Header.Add(f.Name, f.Value)
	}
	r.Body = message.Framing{Kind: message.Length, Length: int64(len(text))}
	if err := x.SendHead(false); err != nil {
		return err
	}
	return x.SendBody([]byte(text), true)
}
