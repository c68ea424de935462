package forward

import (
	"bytes"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/prefix"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/record"
)

// Members returns the members of balancers.
type Members interface {
	// MemberURLs returns the names of a balancer's members, nil when there is
	// no such balancer. name is in lower case.
	MemberURLs(name string) []string
}

// ReverseRewriter edits the responses of one exchange.
type ReverseRewriter struct {
	Rules   *Rewrites      // compiled
	Env     *exchange.Vars // for interpolation; nil: ProxyPassInterpolateEnv is Off
	Members Members        // nil: no balancers
	Origin  []byte         // this server: scheme://host[:port]

	Recorder record.Recorder // nil: nobody asks which rule it was
	used     *ReverseRule    // the latest that has rewritten something
}

// edited names the fields that Edit may change.
func (d *Rewrites) edited() (s message.IDSet) {
	if len(d.Reverse) > 0 {
		s |= message.SetOf(message.Location, message.ContentLocation, message.URI, message.Destination)
	}
	if len(d.CookiePaths) > 0 || len(d.CookieDomains) > 0 {
		s |= message.SetOf(message.SetCookie)
	}
	return s
}

// Edit rewrites the fields of a backend's response that name the backend:
// Location, Content-Location, URI and Destination by ProxyPassReverse, the
// paths and domains of Set-Cookie by ProxyPassReverseCookiePath and
// CookieDomain.
func (t *ReverseRewriter) Edit(h *message.Header, a *message.Arena) {
	c := t.Rules
	if len(c.Reverse) == 0 && len(c.CookiePaths) == 0 && len(c.CookieDomains) == 0 {
		return
	}
	for i := range h.Len() {
		f := h.At(i)
		if f.Flags&message.Dropped != 0 {
			continue
		}
		was := f.Value
		switch f.ID {
		case message.Location, message.ContentLocation, message.URI, message.Destination:
			f.Value = t.Location(f.Value, a)
		case message.SetCookie:
			f.Value = t.Cookie(f.Value, a)
		}
		if t.Recorder != nil && t.used != nil {
			t.record(f, was)
		}
	}
}

// record tells of a field that a rule has rewritten.
func (t *ReverseRewriter) record(f *message.Field, was []byte) {
	t.Recorder.Record(record.Header{
		Line: t.used.Line, Of: "response", Name: string(f.Name), Before: []string{string(was)}, After: []string{string(f.Value)},
	})
	t.used = nil
}

// Location rewrites one URL. The first rule that matches decides; without one
// the value is unchanged.
func (t *ReverseRewriter) Location(value []byte, a *message.Arena) []byte {
	for _, s := range t.Rules.Reverse {
		if out := t.locationBy(s, value, a); out != nil {
			return out
		}
	}
	return value
}

// locationBy rewrites a URL by the rules of one scope; nil: none matches.
func (t *ReverseRewriter) locationBy(s *RuleSet, value []byte, a *message.Arena) []byte {
	at, n := first(&s.texts, value, segmentEnd, prefix.None)
	rest := value[n:]
	if !s.paths.Empty() {
		path := pathOf(value)
		if lower, n := first(&s.paths, path, segmentEnd, at); lower < at {
			at, rest = lower, path[n:]
		}
	}
	for _, i := range s.asked {
		if i >= at {
			break
		}
		public, internal := t.sides(&s.rules[i], a)
		if rest, ok := t.strip(value, internal, public); ok {
			if out := t.public(public, rest, a); out != nil {
				t.used = &s.rules[i]
				return out
			}
		}
	}
	if at == prefix.None {
		return nil
	}
	t.used = &s.rules[at]
	return t.public(t.used.Public, rest, a)
}

// sides returns both sides of a rule, interpolated if it has that option.
func (t *ReverseRewriter) sides(rule *ReverseRule, a *message.Arena) (public, internal string) {
	if !rule.Interpolate || t.Env == nil {
		return rule.Public, rule.Internal
	}
	return string(t.Env.Interpolate(a, rule.Public)), string(t.Env.Interpolate(a, rule.Internal))
}

// strip removes the prefix internal from a value.
func (t *ReverseRewriter) strip(value []byte, internal, public string) (rest []byte, ok bool) {
	if param.IsBalancer(internal) && t.Members != nil {
		if name, path, ok := param.SplitBalancer(internal); ok {
			if members := t.Members.MemberURLs(name); members != nil {
				return stripMember(value, members, path, public)
			}
		}
	}
	if strings.HasPrefix(internal, "/") {
		value = pathOf(value)
	}
	return stripPrefix(value, internal)
}

// stripPrefix removes a prefix, ignoring case.
//
// Ours: whole segments only. httpd compares text, so that /app matches
// /application and http://h matches http://h.example.
func stripPrefix(value []byte, prefix string) (rest []byte, ok bool) {
	if prefix == "" || !ascii.HasPrefixFoldBytes(value, prefix) {
		return nil, false
	}
	rest = value[len(prefix):]
	return rest, prefix[len(prefix)-1] == '/' || endsSegment(rest)
}

// endsSegment reports whether the text before rest is a whole segment.
func endsSegment(rest []byte) bool {
	return len(rest) == 0 || rest[0] == '/' || rest[0] == '?' || rest[0] == '#'
}

// stripMember removes the name of a member and the path after the balancer.
func stripMember(value []byte, members []string, path, public string) (rest []byte, ok bool) {
	if path == "/" {
		path = ""
	}
	for _, m := range members {
		if path == "" {
			if rest, ok = stripPrefix(value, m); ok {
				// httpd: only here "/" before a path causes no second slash.
				if public == "/" && len(rest) > 0 && rest[0] == '/' {
					rest = rest[1:]
				}
				return rest, true
			}
			continue
		}
		if rest, ok = stripPrefix(value, strings.TrimSuffix(m, "/")); !ok || !bytes.HasPrefix(rest, []byte(path)) {
			continue
		}
		rest = rest[len(path):]
		if path[len(path)-1] == '/' || endsSegment(rest) {
			return rest, true
		}
	}
	return nil, false
}

// pathOf returns an absolute URL from its path on, and any other value whole.
func pathOf(value []byte) []byte {
	i := bytes.Index(value, []byte("://"))
	if i < 0 || bytes.ContainsAny(value[:i], "/?#") {
		return value
	}
	slash := bytes.IndexByte(value[i+3:], '/')
	if slash < 0 {
		return value
	}
	return value[i+3+slash:]
}

// public puts the public side before rest, and this server before that unless
// it is a URL. nil: the public side is neither path nor URL, like that of a
// rule in a <LocationMatch>.
func (t *ReverseRewriter) public(public string, rest []byte, a *message.Arena) []byte {
	if isURL(public) {
		b := append(a.Alloc(len(public)+len(rest)), public...)
		return append(b, rest...)
	}
	if !strings.HasPrefix(public, "/") {
		return nil
	}
	b := append(a.Alloc(len(t.Origin)+len(public)+len(rest)), t.Origin...)
	return append(append(b, public...), rest...)
}

// isURL is ap_is_url: a scheme, then "://".
func isURL(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case ascii.IsAlpha(c) || ascii.IsDigit(c) || c == '+' || c == '-' || c == '.':
		default:
			return i > 0 && strings.HasPrefix(s[i:], "://")
		}
	}
	return false
}
