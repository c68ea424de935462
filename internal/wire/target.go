package wire

import (
	"bytes"

	"github.com/headgate/headgate/internal/message"
)

// rootPath is the path of an absolute target without one, anyPath that of the
// server as a whole. They must not be written to.
var (
	rootPath = []byte("/")
	anyPath  = []byte("*")
)

// target splits r.Target. The allowed forms depend on the method (RFC 9112
// section 3.2).
func target(r *message.Request) error {
	t := r.Target
	switch {
	case r.Verb == message.CONNECT:
		return authorityTarget(r)
	case len(t) == 0:
		return errRequestLine
	case t[0] == '/':
		r.Form = message.OriginForm
		r.Path, r.Query, r.HasQ = SplitTarget(t)
		return nil
	case t[0] == '?': // httpd: the root, as in http://host?query
		r.Form = message.OriginForm
		_, r.Query, r.HasQ = SplitTarget(t)
		r.Path = rootPath
		return nil
	case len(t) == 1 && t[0] == '*':
		if r.Verb != message.OPTIONS {
			return errTarget
		}
		r.Form = message.AsteriskForm
		r.Path = t
		return nil
	}
	return absoluteTarget(r)
}

// authorityTarget reads host:port.
func authorityTarget(r *message.Request) error {
	_, port, ok := SplitAuthority(r.Target)
	if !ok || port == nil {
		return errTarget
	}
	r.Form = message.AuthorityForm
	r.Auth = r.Target
	return nil
}

// absoluteTarget reads scheme://authority/path?query. The authority is required
// and must not have user information (RFC 9110 sections 4.2.1 and 4.2.4).
func absoluteTarget(r *message.Request) error {
	t := r.Target
	i := 0
	for i < len(t) && (class[t[i]]&(isAlpha|isDigit) != 0 || t[i] == '+' || t[i] == '-' || t[i] == '.') {
		i++
	}
	if i == 0 || class[t[0]]&isAlpha == 0 || len(t)-i < 3 || string(t[i:i+3]) != "://" {
		return errTarget
	}
	rest := t[i+3:]
	n := bytes.IndexByte(rest, '/')
	if q := bytes.IndexByte(rest, '?'); q >= 0 && (n < 0 || q < n) {
		n = q
	}
	if n < 0 {
		n = len(rest)
	}
	if _, _, ok := SplitAuthority(rest[:n]); !ok {
		return errTarget
	}
	r.Form = message.AbsoluteForm
	r.Scheme = t[:i:i]
	r.Auth = rest[:n:n]
	r.Path, r.Query, r.HasQ = SplitTarget(rest[n:])
	if len(r.Path) == 0 {
		r.Path = rootPath
		if r.Verb == message.OPTIONS && !r.HasQ { // RFC 9112 section 3.2.4
			r.Path = anyPath
		}
	}
	return nil
}
