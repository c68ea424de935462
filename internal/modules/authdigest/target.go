package authdigest

import (
	"net/url"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
)

// original returns the request that the client sent, of a subrequest.
func original(x *exchange.Exchange) *exchange.Exchange {
	for x.Main != nil {
		x = x.Main
	}
	return x
}

// sameTarget reports whether the uri of an answer is the target of the request:
// literally, or its parts once they are decoded. httpd: authenticate_digest_user.
func sameTarget(x *exchange.Exchange, uri string) bool {
	x = original(x)
	if uri == string(x.Req.Target) {
		return true
	}
	said, err := url.ParseRequestURI(uri)
	if err != nil {
		return false
	}
	sent, err := url.ParseRequestURI(string(x.Req.Target))
	if err != nil || said.Path != sent.Path || said.Host != "" && !namesServer(x, said) {
		return false
	}
	saidQuery, err1 := url.PathUnescape(said.RawQuery)
	sentQuery, err2 := url.PathUnescape(sent.RawQuery)
	if err1 != nil || err2 != nil {
		return false
	}
	return saidQuery == sentQuery || saidQuery == "" && x.Env.Has("AuthDigestEnableQueryStringHack")
}

// namesServer reports whether an absolute URL is of the server that x is for.
func namesServer(x *exchange.Exchange, u *url.URL) bool {
	port := u.Port()
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return ascii.EqualFold(u.Hostname(), string(x.ServerName())) && port == strconv.Itoa(int(x.ServerPort()))
}
