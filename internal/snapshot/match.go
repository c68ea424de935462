package snapshot

import (
	"bytes"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/glob"
	"github.com/headgate/headgate/internal/rx"
)

// Matcher decides whether a section applies. subject is the path, the target
// URL, the file or its last segment, depending on the kind of section.
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
	Below   bool // <Directory /home/*/public>: it matches everything below too
}

func (g Glob) options() glob.Options {
	if g.Path {
		return glob.Path
	}
	return 0
}

// Match implements Matcher.
func (g Glob) Match(_ *exchange.Exchange, s []byte) bool {
	if glob.Match(g.Pattern, s, g.options()) {
		return true
	}
	if !g.Below {
		return false
	}
	for i := len(s) - 1; i > 0; i-- {
		if s[i] == '/' && glob.Match(strings.TrimRight(g.Pattern, "/"), s[:i], g.options()) {
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

// merged returns the path with runs of slashes as one: <Location> ignores the
// difference, whatever MergeSlashes says; <LocationMatch> does not (httpd:
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
