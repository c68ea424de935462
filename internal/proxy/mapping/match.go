package mapping

import (
	"bytes"
	"strings"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/uri"
)

// Query is one request for which rules are tested. It must not be copied
// between Find and Map.
type Query struct {
	Path    []byte // normalised; still encoded for rules with mapping=
	RawPath []byte // the path as sent
	RawURI  []byte // path and query as sent; nil: RawPath
	Args    []byte // query without "?"
	HasArgs bool
	Env     *exchange.Vars // for interpolation; nil: ProxyPassInterpolateEnv is Off
	Options uri.Options    // of the site

	room [2][2 * 10]int
	used int   // the room caps is in
	caps []int // of the pattern that matched
}

// find stores where re and its groups match; earlier results stay when it does
// not match.
func (q *Query) find(re *rx.Regexp, subject []byte) bool {
	other := 1 - q.used
	caps := re.Find(q.room[other][:0], subject)
	if caps == nil {
		return false
	}
	q.caps, q.used = caps, other
	return true
}

// Mapped is where a request goes.
type Mapped struct {
	Rule     *PassRule
	Denied   bool   // "!": it is not proxied
	Filename []byte // "proxy:" and the target, first as joined, then canonical
	Target   []byte // path and query for the request line; set by Canon
	Path     []byte // the request's new path (mapping=servlet); nil: as it was
	URL      uri.URL
	Dynamic  bool // URL is not the rule's: the worker has to be looked up
	NotRaw   bool // nocanon was ignored: the path had been changed (AH01136)

	raw  bool // Filename has the bytes as sent, query included
	rest int  // where in Filename the request's part begins; 0: unknown
}

const proxyPrefix = "proxy:"

// MatchPrefix returns how many bytes of path prefix matches, 0 for no match:
// whole segments only, and any number of slashes match each other.
func MatchPrefix[T ~string | ~[]byte](path []byte, prefix T) int {
	i, p := 0, 0
	for p < len(prefix) && i < len(path) {
		if prefix[p] != '/' {
			if prefix[p] != path[i] {
				return 0
			}
			i++
			p++
			continue
		}
		if path[i] != '/' {
			return 0
		}
		for p < len(prefix) && prefix[p] == '/' {
			p++
		}
		for i < len(path) && path[i] == '/' {
			i++
		}
	}
	if p == 0 || p < len(prefix) {
		return 0
	}
	if prefix[p-1] != '/' && i < len(path) && path[i] != '/' {
		return 0
	}
	return i
}

// matches reports whether r matches the request, and how many bytes of the path
// its prefix matches.
func (r *PassRule) matches(q *Query, a *message.Arena) (n int, ok bool) {
	switch {
	case r.Regex != nil:
		return 0, q.find(r.Regex, q.Path)
	case r.Servlet:
		return 0, uri.ServletMatches(q.Path, r.Path)
	}
	n = r.takes(q.Path, q, a)
	return n, n > 0
}

// takes returns how many bytes of path the rule's prefix matches.
func (r *PassRule) takes(path []byte, q *Query, a *message.Arena) int {
	if q.Env != nil && r.variable() {
		return MatchPrefix(path, q.Env.Interpolate(a, r.Path))
	}
	return MatchPrefix(path, r.Path)
}

// Match tests one rule, such as that of a Location, and maps the request if it
// matches.
func (r *PassRule) Match(q *Query, a *message.Arena) (m Mapped, ok bool, err error) {
	n, ok := r.matches(q, a)
	if !ok {
		return Mapped{}, false, nil
	}
	m, err = r.mapTo(q, n, a)
	return m, true, err
}

// mapTo joins the target and the rest of the path after n bytes.
func (r *PassRule) mapTo(q *Query, n int, a *message.Arena) (Mapped, error) {
	m := Mapped{Rule: r, URL: r.URL, Dynamic: r.Dynamic}
	if r.Deny {
		m.Denied = true
		return m, nil
	}
	if r.NoCanon && !r.Encoded {
		if err := m.chooseRaw(q, n, a); err != nil {
			return Mapped{}, err
		}
	}
	target := r.Target
	if r.Interpolate && q.Env != nil {
		target = string(q.Env.Interpolate(a, target))
	}
	src := q.Path
	if m.raw {
		src = q.rawURI()
	}
	switch {
	case r.Regex != nil:
		m.expand(q, target, src, a)
	case r.Servlet:
		prefix := len(proxyPrefix) + len(target)
		b := a.Alloc(prefix + len(q.Path))
		b = append(append(b, proxyPrefix...), target...)
		m.Path, m.Filename, _ = uri.MatchServlet(a.Alloc(len(q.Path)), b, q.Path, r.Path)
		m.rest = prefix
	default:
		b := a.Alloc(len(proxyPrefix) + len(target) + len(src) - n)
		b = append(append(b, proxyPrefix...), target...)
		m.rest = len(b)
		m.Filename = append(b, src[n:]...)
	}
	return m, nil
}

// expand makes the target of a pattern. A target without inserted groups gets
// the whole path appended.
func (m *Mapped) expand(q *Query, target string, src []byte, a *message.Arena) {
	room := len(proxyPrefix) + len(target) + len(src)
	for i := 0; i+1 < len(target); i++ {
		if target[i] == '$' {
			room += len(src)
		}
	}
	b := append(a.Alloc(room), proxyPrefix...)
	b = rx.Expand(b, target, src, q.caps)
	if string(b[len(proxyPrefix):]) == target {
		b = append(b, src...)
	}
	m.Filename = b
}

func (q *Query) rawURI() []byte {
	if q.RawURI != nil {
		return q.RawURI
	}
	return q.RawPath
}

// chooseRaw decides for a rule with nocanon whether the bytes are forwarded
// as they were sent. As in httpd they are not when the rule does not take the
// same part of them, or when a rewrite changed the path.
//
// Ours: a path with dot segments or double slashes that were resolved before
// it was authorised is refused; httpd forwards it.
func (m *Mapped) chooseRaw(q *Query, n int, a *message.Arena) error {
	r := m.Rule
	if r.Regex == nil && r.takes(q.RawPath, q, a) != n {
		m.NotRaw = true
		return nil
	}
	if !bytes.Equal(q.RawPath, q.Path) {
		plain, err := uri.Unescape(a.Alloc(len(q.RawPath)), q.RawPath, q.Options.Slashes)
		if err != nil || !bytes.Equal(plain, q.Path) {
			if norm, err := uri.Normalize(a.Alloc(len(q.RawPath)), q.RawPath, q.Options); err == nil && bytes.Equal(norm, q.Path) {
				return refuse(errRawPath)
			}
			m.NotRaw = true
			return nil //nolint:nilerr // what cannot be unescaped is sent in canonical form
		}
	}
	if r.Regex == nil {
		m.raw = true
		return nil
	}
	if !q.find(r.Regex, q.rawURI()) || !r.sameCaptured(q, a) && !r.samePath(q, a) {
		q.find(r.Regex, q.Path) // once more: it did match
		m.NotRaw = true
		return nil
	}
	m.raw = true
	return nil
}

// sameCaptured says whether what the pattern captures of the path as sent is
// what it captures of the path that was authorised, or more behind it, as is a
// query. Where an escape hides a byte from the pattern it is not.
func (r *PassRule) sameCaptured(q *Query, a *message.Arena) bool {
	raw := q.rawURI()
	var room [2 * 10]int
	caps := r.Regex.Find(room[:0], q.Path)
	for i := 0; i+1 < len(q.caps) && i+1 < len(caps); i += 2 {
		if q.caps[i] < 0 || caps[i] < 0 {
			if q.caps[i] != caps[i] {
				return false
			}
			continue
		}
		sent, _, _ := bytes.Cut(raw[q.caps[i]:q.caps[i+1]], []byte("?"))
		plain, err := uri.Unescape(a.Alloc(len(sent)), sent, q.Options.Slashes)
		if err != nil || !bytes.Equal(plain, q.Path[caps[i]:caps[i+1]]) {
			return false
		}
	}
	return true
}

// samePath says whether the path that would be sent is the one that was
// authorised, though the pattern captures more of path and query than of the
// path alone: /cool/(.*)/ws$ of /cool/x/ws?compat=/ws, which Collabora counts on.
func (r *PassRule) samePath(q *Query, a *message.Arena) bool {
	if strings.Contains(r.Target, "?") {
		return false
	}
	var room [2 * 10]int
	caps := r.Regex.Find(room[:0], q.Path)
	raw := q.rawURI()
	authorised := rx.Expand(a.Alloc(len(r.Target)+len(q.Path)), r.Target, q.Path, caps)
	sent, _, _ := bytes.Cut(rx.Expand(a.Alloc(len(r.Target)+len(raw)), r.Target, raw, q.caps), []byte("?"))
	plain, err := uri.Unescape(a.Alloc(len(sent)), sent, q.Options.Slashes)
	return err == nil && bytes.Equal(plain, authorised)
}

var (
	errRawPath    = &uri.Error{Status: 400, Reason: "nocanon: the path as sent is not the one that was authorised"}
	errAuthority  = &uri.Error{Status: 400, Reason: "the rest of the path would change the backend's host or port"}
	errGlued      = &uri.Error{Status: 500, Reason: "the URL of the rule has no slash at its end, and the rest of the path would change the backend's host or port"}
	errTwoSlashes = &uri.Error{Status: 400, Reason: "what is left of the path begins with two slashes, which is read as the name of a host"}
	errTarget     = &uri.Error{Status: 400, Reason: "the target is no URL"}
)

// refuse makes the fault for a request that cannot be mapped.
func refuse(err error) error {
	f := &fault.Fault{Side: fault.Client, Module: "proxy", Phase: fault.Map, Kind: fault.InvalidInput, Cause: fault.MalformedTarget, Status: 400, Err: err}
	if e, ok := err.(*uri.Error); ok {
		f.Status = e.Status
	}
	if f.Status == 500 { // the configuration is at fault, whatever the client sent
		f.Side, f.Cause = fault.Proxy, fault.ConfigurationError
	}
	return f
}
