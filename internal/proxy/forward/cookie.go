package forward

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/prefix"
)

// Cookie rewrites the Path and Domain attributes of one Set-Cookie value. The
// first rule that matches decides for each; everything else is unchanged.
//
// Ours: only attributes are read, never the cookie itself, which may be called
// path.
func (t *ReverseRewriter) Cookie(value []byte, a *message.Arena) []byte {
	if len(t.Rules.CookiePaths) == 0 && len(t.Rules.CookieDomains) == 0 {
		return value
	}
	var out []byte // nil while nothing changed
	copied := 0
	for i := pairEnd(value) + 1; i < len(value); {
		end := i + indexOrEnd(value[i:], ';')
		if from, to, repl := t.attribute(value, i, end, a); repl != nil {
			if out == nil {
				out = a.Alloc(len(value) + 2*len(repl))
			}
			out = append(append(out, value[copied:from]...), repl...)
			copied = to
		}
		i = end + 1
	}
	if out == nil {
		return value
	}
	return append(out, value[copied:]...)
}

// pairEnd returns the index of the semicolon after name=value, or the length of
// value. A semicolon inside a quoted value does not count.
func pairEnd(value []byte) int {
	from := 0
	if eq := bytes.Index(value, []byte(`="`)); eq >= 0 && eq < indexOrEnd(value, ';') {
		if quote := bytes.IndexByte(value[eq+2:], '"'); quote >= 0 {
			from = eq + 2 + quote
		}
	}
	return from + indexOrEnd(value[from:], ';')
}

// attribute returns the replacement of value[from:to] in the attribute from i to
// end, nil if there is none.
func (t *ReverseRewriter) attribute(value []byte, i, end int, a *message.Arena) (from, to int, repl []byte) {
	for i < end && ascii.IsSpace(value[i]) {
		i++
	}
	for end > i && ascii.IsSpace(value[end-1]) {
		end--
	}
	attr := value[i:end]
	switch {
	case ascii.HasPrefixFoldBytes(attr, "path="):
		from = i + len("path=")
		return from, end, t.cookiePath(value[from:end], a)
	case ascii.HasPrefixFoldBytes(attr, "domain="):
		from = i + len("domain=")
		return from, end, t.cookieDomain(value[from:end], a)
	}
	return i, end, nil
}

// cookiePath maps a cookie's path.
//
// Ours: the text after the internal path is kept, and only whole segments
// match; httpd replaces all of any path with that prefix.
func (t *ReverseRewriter) cookiePath(path []byte, a *message.Arena) []byte {
	public, n, ok := t.firstOf(t.Rules.CookiePaths, path, folderEnd, a)
	if !ok {
		return nil
	}
	tail := path[n:]
	b := append(a.Alloc(len(public)+len(tail)+1), public...)
	if len(tail) > 0 {
		b = append(bytes.TrimSuffix(b, []byte("/")), '/')
		b = append(b, bytes.TrimPrefix(tail, []byte("/"))...)
	}
	return b
}

// cookieDomain maps a cookie's domain. httpd: any domain that begins with the
// internal one, ignoring case, is replaced.
func (t *ReverseRewriter) cookieDomain(domain []byte, a *message.Arena) []byte {
	public, _, ok := t.firstOf(t.Rules.CookieDomains, domain, anyEnd, a)
	if !ok {
		return nil
	}
	return a.String(public)
}

// firstOf returns the first rule whose internal side is a prefix of value: its
// public side, and the length of the prefix.
func (t *ReverseRewriter) firstOf(sets []*RuleSet, value []byte, end ending, a *message.Arena) (public string, n int, ok bool) {
	for _, s := range sets {
		at, n := first(&s.texts, value, end, prefix.None)
		for _, i := range s.asked {
			if i >= at {
				break
			}
			public, internal := t.sides(&s.rules[i], a)
			if s.begins(value, internal) && end(value, len(internal)) {
				t.used = &s.rules[i]
				return public, len(internal), true
			}
		}
		if at != prefix.None {
			t.used = &s.rules[at]
			return t.used.Public, n, true
		}
	}
	return "", 0, false
}

func indexOrEnd(p []byte, c byte) int {
	if i := bytes.IndexByte(p, c); i >= 0 {
		return i
	}
	return len(p)
}
