package autoindex

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/uri"
)

// order is how a listing is sorted and shown: as configured, and as its reader
// wishes.
type order struct {
	opts      options
	key       byte // of name, modification time, size, description: N M S D
	direction byte // A or D
	pattern   string
	hasP      bool   // only names that match pattern are shown
	suffix    string // of the links in the heads of columns, escaped for HTML
}

// ask reads the query of a request. What is not understood ends it. httpd:
// index_directory.
func (o *order) ask(query string) {
	if o.opts&ignoreClient != 0 {
		o.opts |= noSorting
		return
	}
	f, v, p := "", "", ""
	for query != "" {
		one, rest, ok := cutOne(query)
		if !ok && !strings.HasPrefix(query, "P=") {
			break
		}
		switch {
		case ok && one[0] == 'C' && strings.IndexByte("NMSD", one[1]) >= 0:
			o.key = one[1]
		case ok && one[0] == 'O' && (one[1] == 'A' || one[1] == 'D'):
			o.direction = one[1]
		case ok && one[0] == 'F' && one[1] >= '0' && one[1] <= '2':
			o.opts = [...]options{o.opts &^ (fancy | table), (o.opts | fancy) &^ table, o.opts | fancy | table}[one[1]-'0']
			f = ";F=" + one[1:]
		case ok && one[0] == 'V' && (one[1] == '0' || one[1] == '1'):
			o.opts &^= versionSort
			if one[1] == '1' {
				o.opts |= versionSort
			}
			v = ";V=" + one[1:]
		case strings.HasPrefix(query, "P="):
			rest = ""
			o.pattern = query[2:]
			if end := strings.IndexAny(o.pattern, "&;"); end >= 0 {
				o.pattern, rest = o.pattern[:end], o.pattern[end+1:]
			}
			if o.pattern = unescape(o.pattern); o.pattern != "" {
				o.hasP = true
				p = ";P=" + string(uri.AppendHTML(nil, uri.AppendURI(nil, []byte(o.pattern))))
			}
		default:
			rest = ""
		}
		query = rest
	}
	o.suffix = f + v + p
}

// cutOne takes one argument of the form "C=N", as "CN".
func cutOne(query string) (one, rest string, ok bool) {
	if len(query) < 3 || query[1] != '=' || len(query) > 3 && query[3] != '&' && query[3] != ';' {
		return "", "", false
	}
	return query[:1] + query[2:3], query[min(4, len(query)):], true
}

// unescape decodes what is escaped. httpd: ap_unescape_url; what cannot be decoded
// stays.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && ascii.IsHex(s[i+1]) && ascii.IsHex(s[i+2]) {
			hi, _ := ascii.Unhex(s[i+1])
			lo, _ := ascii.Unhex(s[i+2])
			b.WriteByte(hi<<4 | lo)
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
