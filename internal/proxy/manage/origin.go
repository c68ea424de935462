package manage

import (
	"net/url"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// Origin is where a browser says that a request comes from. Its fields are texts
// of header fields, "" where there is none.
type Origin struct {
	Site    string // Sec-Fetch-Site
	Origin  string // Origin
	Referer string // Referer
}

// Sender is what an Origin comes to.
type Sender uint8

// The senders. Programs say nothing, and old browsers may not.
const (
	Unknown Sender = iota
	OwnPage        // a page of this server
	Foreign        // a page of another one
)

// Of judges the sender of a request to a server: host is the Host field, name the
// server's name. A page of the same host at another port is of another origin, but
// for Referer, which httpd compares without the port.
func (o Origin) Of(host, name string) Sender {
	switch o.Site {
	case "", "same-origin", "none":
	default:
		return Foreign
	}
	switch {
	case o.Origin != "":
		u, err := url.Parse(o.Origin)
		if err != nil || u.Host == "" || !ascii.EqualFold(withoutPort(u.Host, u.Scheme), withoutPort(host, u.Scheme)) {
			return Foreign
		}
	case o.Referer != "":
		u, err := url.Parse(o.Referer)
		if err != nil || u.Hostname() == "" || !ascii.EqualFold(u.Hostname(), strings.Trim(name, "[]")) {
			return Foreign
		}
	case o.Site == "":
		return Unknown
	}
	if o.Site == "none" { // the user's own doing, and no page's
		return Unknown
	}
	return OwnPage
}

// withoutPort returns a host without the port that its scheme has anyway.
func withoutPort(host, scheme string) string {
	switch scheme {
	case "http":
		return strings.TrimSuffix(host, ":80")
	case "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}
