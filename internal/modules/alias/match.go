package alias

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/uri"
)

// matchPath returns how many bytes of path an alias matches; 0 if it does not
// match. It compares whole segments, and any number of slashes equals any other
// number (httpd: alias_matches).
func matchPath(path []byte, alias string) int {
	p := 0
	for a := 0; a < len(alias); {
		if p >= len(path) || path[p] != alias[a] {
			return 0
		}
		slash := alias[a] == '/'
		a, p = a+1, p+1
		for slash && a < len(alias) && alias[a] == '/' {
			a++
		}
		for slash && p < len(path) && path[p] == '/' {
			p++
		}
	}
	if alias != "" && alias[len(alias)-1] != '/' && p < len(path) && path[p] != '/' {
		return 0
	}
	return p
}

// maxSpans is the room for $0 to $9: a start and an end each.
const maxSpans = 20

// maxTarget limits the target that a pattern makes, in bytes (httpd:
// AP_PREGSUB_MAXLEN).
const maxTarget = 8192

// find returns the first rule that matches the path of x, and the target it makes
// of the path. tooLong is true if the target exceeds httpd's limit.
func find(x *exchange.Exchange, list []*rule, redirects bool) (r *rule, target []byte, tooLong bool) {
	for _, r := range list {
		if r.re == nil {
			n := matchPath(x.Path, r.path)
			if n == 0 {
				continue
			}
			rest := x.Path[n:]
			target = append(x.Arena.Alloc(len(r.target)+3*len(rest)), r.target...)
			if redirects {
				return r, uri.AppendURI(target, rest), false
			}
			return r, append(target, rest...), false
		}
		var buf [maxSpans]int
		spans := r.re.Find(buf[:0], x.Path)
		if spans == nil {
			continue
		}
		target = rx.Expand(x.Arena.Alloc(len(r.target)+len(x.Path)), r.target, x.Path, spans)
		if redirects && !r.none {
			target = escape(x, target)
		}
		return r, target, len(target) > maxTarget
	}
	return nil, nil, false
}

// escape escapes a URL, except its query and fragment.
func escape(x *exchange.Exchange, url []byte) []byte {
	end := bytes.IndexAny(url, "?#")
	if end < 0 {
		end = len(url)
	}
	out := uri.AppendURI(x.Arena.Alloc(3*end+len(url)-end), url[:end])
	return append(out, url[end:]...)
}

// isURL reports whether s begins with a scheme (httpd: ap_is_url).
func isURL(s []byte) bool {
	for i, c := range s {
		switch {
		case c == ':':
			return i > 0
		case !ascii.IsAlpha(c) && !ascii.IsDigit(c) && c != '+' && c != '-' && c != '.':
			return false
		}
	}
	return false
}
