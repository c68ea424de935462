package rewrite

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/uri"
)

// schemes are the prefixes of absolute URLs, and whether such a URL can have a
// query.
var schemes = []struct {
	prefix string
	query  bool
}{
	{"http://", true}, {"https://", true}, {"balancer://", true}, {"ajp://", true}, {"fcgi://", true}, {"scgi://", true},
	{"uwsgi://", true}, {"unix:", true}, {"ws://", true}, {"wss://", true}, {"h2://", true}, {"h2c://", true}, {"ftp://", false},
	{"gopher://", false}, {"ldap://", false}, {"mailto:", true}, {"news:", false}, {"nntp://", false},
}

// absolute returns the length of the scheme with "://" that u begins with, and
// whether such a URL can have a query. n is 0 if u is a path. httpd:
// is_absolute_uri.
func absolute(u []byte) (n int, query bool) {
	if len(u) <= 5 || u[0] == '/' {
		return 0, false
	}
	for i := range schemes {
		s := &schemes[i]
		if len(u) >= len(s.prefix) && ascii.EqualFoldBytes(u[:len(s.prefix)], s.prefix) {
			return len(s.prefix), s.query
		}
	}
	return 0, false
}

// appendEscapedURL appends an absolute URL and escapes its path. scheme is the
// length of the scheme. httpd: escape_absolute_uri.
func appendEscapedURL(dst, u []byte, scheme int) []byte {
	at := scheme
	if u[at-1] == '/' { // the host is not escaped
		slash := bytes.IndexByte(u[at:], '/')
		if slash < 0 {
			return append(dst, u...)
		}
		at += slash + 1
		if ascii.EqualFoldBytes(u[:4], "ldap") {
			return appendEscapedLDAP(append(dst, u[:at]...), u[at:])
		}
	}
	return uri.AppendURI(append(dst, u[:at]...), u[at:])
}

// appendEscapedLDAP appends the rest of an LDAP URL. It escapes the parts between
// the question marks (RFC 4516).
func appendEscapedLDAP(dst, p []byte) []byte {
	for i, part := range bytes.SplitN(p, []byte("?"), 5) {
		if i > 0 {
			dst = append(dst, '?')
		}
		dst = uri.AppendURI(dst, part)
	}
	return dst
}

// qualify turns a path into a URL of this server. httpd: fully_qualify_uri.
func qualify(x *exchange.Exchange, name []byte) []byte {
	if n, _ := absolute(name); n > 0 {
		return name
	}
	slash := []byte("/")
	if len(name) > 0 && name[0] == '/' {
		slash = nil
	}
	return x.Arena.Join(x.Origin(), slash, name)
}

// reduce removes scheme, host and port from a URL of this server. httpd:
// reduce_uri.
func (u *run) reduce() {
	x := u.x
	name, scheme := x.Filename, x.Scheme()
	n := len(scheme) + len("://")
	if len(name) <= n || !ascii.EqualFoldBytes(name[:len(scheme)], scheme) || string(name[len(scheme):n]) != "://" {
		return
	}
	end := len(name)
	if i := bytes.IndexByte(name[n:], '/'); i >= 0 {
		end = n + i
	}
	host, port := name[n:end], uint16(80)
	if scheme == "https" {
		port = 443
	}
	if i := bytes.IndexByte(host, ':'); i >= 0 {
		port, host = uint16(ascii.LeadingInt(string(host[i+1:]))), host[:i]
	}
	if !x.Site.Answers(string(host), port) {
		return
	}
	path := name[end:]
	if len(path) == 0 {
		path = []byte("/")
	}
	if u.traces(3) {
		u.tracef(3, "", "reduce %s -> %s", name, path)
	}
	x.Filename, u.reduced = path, true
}

// replacePrefix replaces the folder match at the beginning of name by subst. It
// returns any other name unchanged. httpd: subst_prefix_path.
func (u *run) replacePrefix(name []byte, match, subst string) []byte {
	n := len(match)
	if n > 0 && match[n-1] == '/' {
		n--
	}
	if len(name) <= n || string(name[:n]) != match[:n] || name[n] != '/' {
		return name
	}
	rest := name[n+1:]
	if u.traces(5) {
		u.tracef(5, "", "strip matching prefix: %s -> %s", name, rest)
	}
	out := append(u.x.Arena.Alloc(len(subst)+1+len(rest)), subst...)
	if subst != "" && subst[len(subst)-1] != '/' {
		out = append(out, '/')
	}
	out = append(out, rest...)
	if u.traces(4) {
		u.tracef(4, "", "add subst prefix: %s -> %s", rest, out)
	}
	return out
}
