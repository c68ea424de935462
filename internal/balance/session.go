package balance

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
)

// PathParam returns the value of a session's parameter in a URL: what follows
// name and "=" anywhere in it, up to "?" or "&", or ";" too. nil: it has none
// (httpd: get_path_param, which does not look at what is in front of the name).
func PathParam(url []byte, name string, semicolon bool) []byte {
	ends := "?&"
	if semicolon {
		ends = ";?&"
	}
	for from := 0; ; from++ {
		i := indexString(url[from:], name)
		if i < 0 {
			return nil
		}
		from += i + len(name)
		if from >= len(url) {
			return nil
		}
		if url[from] != '=' {
			continue
		}
		if value := firstToken(url[from+1:], ends); value != nil {
			return value
		}
		if from+1 < len(url) {
			return nil // httpd: nothing but ends follows
		}
	}
}

// firstToken returns the bytes of p up to one of ends, without those in front;
// nil: there are none (apr_strtok).
func firstToken(p []byte, ends string) []byte {
	for len(p) > 0 && bytes.IndexByte([]byte(ends), p[0]) >= 0 {
		p = p[1:]
	}
	if len(p) == 0 {
		return nil
	}
	if i := bytes.IndexAny(p, ends); i >= 0 {
		p = p[:i]
	}
	return p
}

// cookie returns the value of a cookie of x; nil: it has none.
func cookie(x *exchange.Exchange, name string) []byte {
	h := &x.Req.Header
	for i := range h.Len() {
		f := h.At(i)
		if f.ID != message.Cookie || f.Flags&message.Dropped != 0 {
			continue
		}
		if v := CookieParam(f.Value, name); v != nil {
			return v
		}
	}
	return nil
}

// CookieParam returns the value of the first cookie of that name in the value of
// a Cookie field, up to ";" or ","; nil: there is none. An empty one is none
// unless something follows it (httpd: get_cookie_param). Quotes are part of it.
func CookieParam(field []byte, name string) []byte {
	for from := 0; ; from++ {
		i := indexString(field[min(from, len(field)):], name)
		if i < 0 {
			return nil
		}
		from += i
		if from > 0 && !startsCookie(field[from-1]) {
			continue
		}
		from += len(name)
		for from < len(field) && ascii.IsSpace(field[from]) {
			from++
		}
		if from+1 >= len(field) {
			return nil
		}
		if field[from] != '=' {
			from++ // httpd has looked at it
			continue
		}
		value := field[from+1:]
		if i := bytes.IndexAny(value, ";,"); i >= 0 {
			value = value[:i]
		}
		return value
	}
}

func startsCookie(before byte) bool { return before == ';' || before == ',' || ascii.IsSpace(before) }

// indexString is bytes.Index for a text, without a copy.
func indexString(p []byte, s string) int {
	for i := 0; i+len(s) <= len(p); i++ {
		j := bytes.IndexByte(p[i:], s[0])
		if j < 0 || i+j+len(s) > len(p) {
			return -1
		}
		if i += j; string(p[i:i+len(s)]) == s {
			return i
		}
	}
	return -1
}
