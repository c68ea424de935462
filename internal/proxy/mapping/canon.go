package mapping

import (
	"bytes"
	"strings"

	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/uri"
)

// fixedTarget is the part of a canonical target that is known in advance.
type fixedTarget struct {
	ok     bool
	origin string // "proxy:http://host:port"
	path   string // encoded; "" when the target ends with the host
	raw    string // the path as written
	host   []byte // host[:port]
}

// fixTarget prepares a rule whose target does not depend on the request.
func fixTarget(r *PassRule) fixedTarget {
	if r.Regex != nil || strings.Contains(r.Target, "${") {
		return fixedTarget{}
	}
	i := strings.Index(r.Target, "://") + len("://")
	slash := strings.IndexByte(r.Target[i:], '/')
	path := ""
	if slash >= 0 {
		path = r.Target[i+slash:]
	}
	if strings.IndexByte(path, '%') >= 0 || strings.ContainsAny(strings.TrimSuffix(r.Target, path), "?#") {
		return fixedTarget{} // its encoding depends on the text that follows
	}
	encoded, err := uri.AppendCanon(nil, []byte(path), false)
	if err != nil {
		return fixedTarget{}
	}
	return fixedTarget{ok: true, origin: proxyPrefix + origin(r.URL), path: string(encoded), raw: path, host: []byte(r.URL.HostPort())}
}

// Host returns host[:port] of the target for the Host field.
func (m *Mapped) Host() []byte {
	if m.Rule.fixed.ok {
		return m.Rule.fixed.host
	}
	return []byte(m.URL.HostPort())
}

// origin returns scheme://host:port of the target.
func origin(u uri.URL) string {
	return u.Scheme + "://" + u.HostPort()
}

// Canon turns the joined target into its canonical form: Filename becomes the
// canonical URL, Target its path and query, encoded. A path or query that
// cannot be sent is refused.
func (m *Mapped) Canon(q *Query, a *message.Arena) error {
	fixed := &m.Rule.fixed
	if fixed.ok && m.rest > 0 {
		rest := m.Filename[m.rest:]
		if fixed.path != "" || len(rest) == 0 || rest[0] == '/' {
			static := fixed.path
			if m.raw || m.Rule.Encoded {
				static = fixed.raw
			}
			return m.write(fixed.origin, static, rest, q, a)
		}
		return refuse(errGlued)
	}
	return m.canonSlowly(q, a)
}

// canonSlowly parses the target of this request.
func (m *Mapped) canonSlowly(q *Query, a *message.Arena) error {
	joined := m.Filename[len(proxyPrefix):]
	i := bytes.Index(joined, []byte("://"))
	if i <= 0 {
		return refuse(errTarget)
	}
	i += len("://")
	end := len(joined)
	if slash := bytes.IndexByte(joined[i:], '/'); slash >= 0 {
		end = i + slash
	}
	authority := string(joined[:end])
	if m.Rule.Balancer || param.IsBalancer(authority) {
		name, _, ok := param.SplitBalancer(authority)
		if !ok {
			return refuse(errTarget)
		}
		m.URL = uri.URL{Scheme: "balancer", Host: name}
	} else {
		u, err := uri.Parse(authority)
		if err != nil || u.Path != "" || u.OddPort != "" {
			return refuse(errTarget)
		}
		if u.User != "" && !strings.Contains(m.Rule.Target, "@") {
			// http://host:80$1 and a path with an @ in it: the address in the
			// rule would become a user name. httpd connects there.
			return refuse(errAuthority)
		}
		u.Socket = m.Rule.URL.Socket
		m.URL = u
	}
	m.Dynamic = origin(m.URL) != origin(m.Rule.URL)
	if m.Dynamic && m.Rule.Regex == nil && !m.Rule.Interpolate {
		return refuse(errGlued)
	}
	return m.write(proxyPrefix+origin(m.URL), "", joined[end:], q, a)
}

// write makes Filename and Target from the origin, a part of the path that is
// encoded already and a part that may need encoding.
func (m *Mapped) write(origin, static string, rest []byte, q *Query, a *message.Arena) error {
	verbatim := m.raw || m.Rule.Encoded
	if verbatim && !uri.Sendable(rest) {
		return refuse(uri.ErrUnsendable)
	}
	query := q.HasArgs && !m.raw
	if query && !uri.Sendable(q.Args) {
		return refuse(uri.ErrUnsendable)
	}
	room := len(origin) + len(static) + len(rest) + len(q.Args) + 2
	if verbatim {
		room += 2 * bytes.Count(rest, backslash)
	} else {
		room += uri.CanonLen(rest) - len(rest)
	}
	b := append(append(a.Alloc(room), origin...), static...)
	if static == "" && (len(rest) == 0 || rest[0] != '/') {
		b = append(b, '/')
	}
	if verbatim {
		b = appendVerbatim(b, rest)
	} else {
		var err error
		if b, err = uri.AppendCanon(b, rest, q.Options.Slashes == uri.SlashesNoDecode); err != nil {
			return refuse(err)
		}
	}
	if query {
		b = append(append(b, '?'), q.Args...)
	}
	m.Filename, m.Target = b, b[len(origin):]
	if hostLike(m.Target, q.Path) {
		return refuse(errTwoSlashes)
	}
	return nil
}

// hostLike reports that target begins with two slashes, after which many
// readers expect the name of a host, because the authorised path has an empty
// segment (MergeSlashes Off). If the rule alone causes two slashes, because
// only one of its arguments ends in a slash, that is what was configured.
func hostLike(target, path []byte) bool {
	return len(target) > 1 && target[1] == '/' && target[0] == '/' && bytes.Contains(path, twoSlashes)
}

var backslash = []byte{'\\'}

// appendVerbatim appends a path, and the query that may follow it, unchanged,
// but for backslashes in the path: many take one that is not encoded for a
// slash, which it was not when the path was authorised.
func appendVerbatim(b, p []byte) []byte {
	for i, c := range p {
		switch c {
		case '?':
			return append(b, p[i:]...)
		case '\\':
			b = append(b, "%5C"...)
		default:
			b = append(b, c)
		}
	}
	return b
}
