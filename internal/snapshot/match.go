package snapshot

import (
	"bytes"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/rx"
)

// Matcher decides whether a section applies. subject is the path, the target
// URL, the file or its last part, by kind of section.
type Matcher interface {
	Match(x *exchange.Exchange, subject []byte) bool
}

// Prefix matches <Location /a>: whole segments, case-sensitive. A value that
// ends in a slash matches only below it.
type Prefix string

// Match implements Matcher.
func (p Prefix) Match(_ *exchange.Exchange, s []byte) bool {
	n := len(p)
	if len(s) < n || string(s[:n]) != string(p) {
		return false
	}
	return n == 0 || p[n-1] == '/' || len(s) == n || s[n] == '/'
}

// URLPrefix matches <Proxy http://h/a>: plain string prefix, as httpd does.
type URLPrefix string

// Match implements Matcher.
func (p URLPrefix) Match(_ *exchange.Exchange, s []byte) bool {
	return len(s) >= len(p) && string(s[:len(p)]) == string(p)
}

// Folder matches <Directory /a>: the folder itself and all below it.
type Folder string

// Match implements Matcher.
func (p Folder) Match(_ *exchange.Exchange, s []byte) bool {
	t := strings.TrimRight(string(p), "/")
	return len(s) >= len(t) && string(s[:len(t)]) == t && (len(s) == len(t) || s[len(t)] == '/')
}

// Glob matches a shell pattern over the whole subject. Path: * and ? do not
// match a slash.
type Glob struct {
	Pattern string
	Path    bool
	Below   bool // <Directory /home/*/public>: what lies below matches too
}

// Match implements Matcher.
func (g Glob) Match(_ *exchange.Exchange, s []byte) bool {
	if globMatch(g.Pattern, s, g.Path) {
		return true
	}
	if !g.Below {
		return false
	}
	for i := len(s) - 1; i > 0; i-- {
		if s[i] == '/' && globMatch(strings.TrimRight(g.Pattern, "/"), s[:i], g.Path) {
			return true
		}
	}
	return false
}

// Name matches <Files x>.
type Name string

// Match implements Matcher.
func (n Name) Match(_ *exchange.Exchange, s []byte) bool { return string(s) == string(n) }

// Regex matches the Match forms of sections; named groups become environment
// variables MATCH_NAME.
type Regex struct {
	Re    *rx.Regexp
	names []string
}

// NewRegex prepares a section regex.
func NewRegex(re *rx.Regexp) *Regex {
	r := &Regex{Re: re}
	if names := re.GroupNames(); slices.ContainsFunc(names, func(n string) bool { return n != "" }) {
		r.names = names
		for i, n := range r.names {
			if n != "" {
				r.names[i] = "MATCH_" + strings.ToUpper(n)
			}
		}
	}
	return r
}

// Match implements Matcher.
func (r *Regex) Match(x *exchange.Exchange, s []byte) bool {
	if r.names == nil {
		return r.Re.Match(s)
	}
	var buf [20]int
	caps := r.Re.Find(buf[:0], s)
	if caps == nil {
		return false
	}
	for i, n := range r.names {
		if n != "" && 2*i+1 < len(caps) && caps[2*i] >= 0 {
			x.Env.Set(n, s[caps[2*i]:caps[2*i+1]])
		}
	}
	return true
}

// prefixIndex finds the matching <Location> sections without asking each:
// plain prefixes by looking up every prefix of the path that ends at a
// segment, the rest in turn.
type prefixIndex struct {
	plain map[string][]int // section indexes by prefix
	deep  int              // length of the longest prefix
	other []int            // sections that must be asked
}

func (p *prefixIndex) build(list []Section) {
	p.plain = make(map[string][]int)
	for i := range list {
		if m, ok := list[i].Match.(Prefix); ok {
			p.plain[string(m)] = append(p.plain[string(m)], i)
			p.deep = max(p.deep, len(m))
			continue
		}
		p.other = append(p.other, i)
	}
}

// merged gives the path with runs of slashes as one: <Location> does not tell
// them apart, whatever MergeSlashes says, <LocationMatch> does (httpd:
// ap_location_walk).
func merged(x *exchange.Exchange) []byte {
	path := x.Path
	if len(path) == 0 || path[0] != '/' || !bytes.Contains(path, []byte("//")) {
		return path
	}
	out := x.Arena.Alloc(len(path))
	for i, c := range path {
		if c != '/' || i == 0 || path[i-1] != '/' {
			out = append(out, c)
		}
	}
	return out
}

// match appends the keys of the sections that match x.Path, in file order.
func (p *prefixIndex) match(k []byte, x *exchange.Exchange, list []Section) []byte {
	var found [32]int
	hits := found[:0]
	path := merged(x)
	for _, i := range p.other {
		subject := path
		if _, ok := list[i].Match.(*Regex); ok {
			subject = x.Path
		}
		if list[i].Match.Match(x, subject) {
			hits = append(hits, i)
		}
	}
	for n := 0; n <= len(path) && n <= p.deep; {
		// A prefix ends before a slash, after one, or with the path.
		hits = append(hits, p.plain[string(path[:n])]...)
		if n == len(path) {
			break
		}
		if path[n] == '/' {
			n++
			continue
		}
		next := bytes.IndexByte(path[n:], '/')
		if next < 0 {
			n = len(path)
			continue
		}
		n += next
	}
	slices.Sort(hits)
	for _, i := range hits {
		k = key(k, kindLocation, i)
	}
	return k
}
