package proxybalancer

import (
	"net/url"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// source says where a browser says that a request comes from. The zero value
// says nothing.
type source struct {
	site    string // Sec-Fetch-Site
	origin  string // Origin
	referer string // Referer
}

// sourceOf reads the fields of a request.
func sourceOf(x *exchange.Exchange) (s source) {
	for i := range x.Req.Header.Len() {
		switch f := x.Req.Header.At(i); {
		case f.ID == message.Origin:
			s.origin = string(f.Value)
		case f.ID == message.Referer:
			s.referer = string(f.Value)
		case ascii.EqualFold(string(f.Name), "Sec-Fetch-Site"):
			s.site = string(f.Value)
		}
	}
	return s
}

// own reports whether the request comes from a page of this server. host is the
// Host field, name the server's name. A page of the same host at another port is
// of another origin, but for Referer, which httpd compares without the port. A
// client that says nothing is refused, as by httpd.
func (s source) own(host, name string) bool {
	if s.site != "" && s.site != "same-origin" {
		return false
	}
	if s.origin != "" {
		u, err := url.Parse(s.origin)
		return err == nil && u.Host != "" && ascii.EqualFold(authority(u.Host, u.Scheme), authority(host, u.Scheme))
	}
	if s.referer != "" {
		u, err := url.Parse(s.referer)
		return err == nil && u.Hostname() != "" && ascii.EqualFold(u.Hostname(), strings.Trim(name, "[]"))
	}
	return s.site != ""
}

// authority returns a host without the port that its scheme has anyway.
func authority(host, scheme string) string {
	switch scheme {
	case "http":
		return strings.TrimSuffix(host, ":80")
	case "https":
		return strings.TrimSuffix(host, ":443")
	}
	return host
}
