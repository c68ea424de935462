package proxybalancer

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/proxy/manage"
)

// originOf reads where a request says that it comes from.
func originOf(x *exchange.Exchange) (o manage.Origin) {
	for i := range x.Req.Header.Len() {
		switch f := x.Req.Header.At(i); {
		case f.ID == message.Origin:
			o.Origin = string(f.Value)
		case f.ID == message.Referer:
			o.Referer = string(f.Value)
		case ascii.EqualFold(string(f.Name), "Sec-Fetch-Site"):
			o.Site = string(f.Value)
		}
	}
	return o
}
