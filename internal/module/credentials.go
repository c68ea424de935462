package module

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// Credentials returns the field with which a client says who it is: to this server, or
// to the proxy that it is for other servers (RFC 9110 sections 11.6.2 and 11.7.2).
func Credentials(x *exchange.Exchange) (field []byte, ok bool) {
	if x.Onward {
		return x.Req.Header.Get(message.ProxyAuthorization)
	}
	return x.Req.Header.Get(message.Authorization)
}

// Ask has the response ask for credentials.
func Ask(x *exchange.Exchange, challenge []byte) {
	if x.Onward {
		x.Always.SetID(message.ProxyAuthenticate, challenge)
		return
	}
	x.Always.SetID(message.WWWAuthenticate, challenge)
}

// Unauthorized is the status of a request without valid credentials: 401, or 407 from
// a forward proxy.
func Unauthorized(x *exchange.Exchange) int {
	if x.Onward {
		return 407
	}
	return 401
}
