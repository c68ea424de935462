package exchange

import (
	"bytes"
	"strconv"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/uri"
)

// ServerName returns this server's name for the request, by UseCanonicalName:
// the name the client used, in lower case and without port, or ServerName
// (httpd: ap_get_server_name). An IPv6 address has no brackets.
//
// Ours: with DNS it is ServerName; httpd looks up the name of the address that
// the client connected to.
func (x *Exchange) ServerName() []byte {
	if x.canonical() == CanonicalOff {
		if name := x.ClientsName(); len(name) > 0 {
			return name
		}
	}
	return x.Arena.String(x.Site.Name)
}

// ClientsName returns the name in the request's Host, as ServerName does; nil: it
// has none.
func (x *Exchange) ClientsName() []byte {
	host, _ := cutPort(x.Req.Host)
	if len(host) == 0 {
		return nil
	}
	if host[0] == '[' {
		host = bytes.TrimSuffix(host[1:], []byte("]"))
	}
	return bytes.TrimSuffix(x.lowered(host), []byte(".")) // httpd: fix_hostname
}

// LowerTargetHost changes the authority of an absolute target, which replaces
// the Host field, to lower case as httpd does (fix_hostname). A Host field sent
// by the client is passed on unchanged.
func (x *Exchange) LowerTargetHost() {
	q := &x.Req
	if q.Form != message.AbsoluteForm || len(q.Host) == 0 {
		return
	}
	q.Host = x.lowered(q.Host)
	rows := q.Header.Rows()
	for i := range rows {
		if rows[i].ID == message.Host {
			rows[i].Value = q.Host
		}
	}
}

// ServerPort returns the port that belongs to ServerName: that of the client's
// Host unless UseCanonicalName is On, else that of ServerName, else the
// scheme's (httpd: ap_get_server_port).
func (x *Exchange) ServerPort() uint16 {
	if x.canonical() != CanonicalOn {
		if _, p := cutPort(x.Req.Host); p != 0 {
			return p
		}
	}
	if x.Site.Port != 0 {
		return x.Site.Port
	}
	return x.defaultPort()
}

// Encrypted reports whether the connection has TLS and the site too: a site without
// that serves a request on an encrypted connection counts as plain (httpd:
// ssl_hook_http_scheme).
func (x *Exchange) Encrypted() bool {
	c := x.Client
	return c != nil && c.TLS && (c.Secure == nil || x.Site == nil || x.Site.TLS.On())
}

// Scheme returns the scheme of URLs of this server (httpd: ap_http_scheme).
func (x *Exchange) Scheme() string {
	if x.Encrypted() || x.Site.Scheme == "https" {
		return "https"
	}
	return "http"
}

// AppendHostName appends ServerName in the form for URLs: an IPv6 address in
// brackets (httpd: ap_get_server_name_for_url).
func (x *Exchange) AppendHostName(dst []byte) []byte {
	name := x.ServerName()
	if bytes.IndexByte(name, ':') >= 0 && name[0] != '[' {
		return append(append(append(dst, '['), name...), ']')
	}
	return append(dst, name...)
}

// AppendServerPort appends ":port" unless it is the scheme's default.
func (x *Exchange) AppendServerPort(dst []byte) []byte {
	port := x.ServerPort()
	if port == x.defaultPort() {
		return dst
	}
	return strconv.AppendUint(append(dst, ':'), uint64(port), 10)
}

// Origin returns the beginning of URLs of this server, up to the path:
// scheme://host[:port] (httpd: ap_construct_url).
func (x *Exchange) Origin() []byte {
	scheme := x.Scheme()
	b := x.Arena.Alloc(len(scheme) + len("://[]:65535") + max(len(x.Req.Host), len(x.Site.Name)))
	b = append(append(b, scheme...), "://"...)
	return x.AppendServerPort(x.AppendHostName(b))
}

func (x *Exchange) canonical() Canonical {
	if x.Chain == nil {
		return CanonicalOff
	}
	return x.Chain.Canonical
}

func (x *Exchange) defaultPort() uint16 {
	if x.Scheme() == "https" {
		return 443
	}
	return 80
}

// lowered folds the case of b, in a copy if there is anything to fold.
func (x *Exchange) lowered(b []byte) []byte {
	for _, c := range b {
		if ascii.Lower(c) != c {
			b = append(x.Arena.Alloc(len(b)), b...)
			ascii.LowerBytes(b)
			break
		}
	}
	return b
}

// cutPort splits an authority: an IPv6 literal keeps its brackets, a missing
// port is 0. It accepts even the Host of a refused request.
func cutPort(a []byte) (host []byte, port uint16) {
	end := bytes.IndexByte(a, ':')
	if len(a) > 0 && a[0] == '[' {
		end = bytes.IndexByte(a, ']') + 1
		if end == 0 {
			return nil, 0
		}
	}
	if end < 0 || end == len(a) {
		return a, 0
	}
	n := 0
	for _, c := range a[end+1:] {
		if !ascii.IsDigit(c) || n > 65535 {
			return a[:end], 0
		}
		n = n*10 + int(c-'0')
	}
	if n > 65535 {
		n = 0
	}
	return a[:end], uint16(n)
}

// AppendSignature appends the line of ServerSignature (httpd: ap_psignature).
func (x *Exchange) AppendSignature(b []byte) []byte {
	b = append(b, "<address>"...)
	b = uri.AppendHTML(b, x.Site.ServerHeader)
	b = append(b, " at "...)
	if x.Chain.Signature == SignatureEMail && x.Site.Admin != "" {
		b = uri.AppendHTML(append(b, `<a href="mailto:`...), []byte(x.Site.Admin))
		b = append(uri.AppendHTML(append(b, `">`...), x.ServerName()), "</a>"...)
	} else {
		b = uri.AppendHTML(b, x.ServerName())
	}
	b = append(b, " Port "...)
	b = strconv.AppendInt(b, int64(x.ServerPort()), 10)
	return append(b, "</address>\n"...)
}
