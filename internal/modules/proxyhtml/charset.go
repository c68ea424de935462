package proxyhtml

import (
	"bytes"
	"errors"

	htmlcharset "golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/transform"

	"github.com/headgate/headgate/internal/ascii"
)

// charset returns the encoding of a name. ok is false for one that is not known.
func charset(name string) (encoding.Encoding, bool) {
	e, _ := htmlcharset.Lookup(name)
	return e, e != nil
}

func isUTF8(name string) bool {
	_, canonical := htmlcharset.Lookup(name)
	return canonical == "utf-8"
}

// latin1 is what a page is in that does not say it, as in httpd.
const latin1 = "iso-8859-1"

var boms = []struct{ mark, name string }{{"\xef\xbb\xbf", "utf-8"}, {"\xfe\xff", "utf-16be"}, {"\xff\xfe", "utf-16le"}}

// detect returns the charset of a page by its Content-Type, its byte order mark,
// its XML declaration and its meta elements, "" if none says it (httpd:
// sniff_encoding).
func detect(contentType, page []byte) string {
	if name := parameter(contentType); name != "" {
		return name
	}
	for _, b := range boms {
		if bytes.HasPrefix(page, []byte(b.mark)) {
			return b.name
		}
	}
	if rest, ok := bytes.CutPrefix(page, []byte("<?xml")); ok {
		decl, _, _ := bytes.Cut(rest, []byte("?>"))
		if _, v, ok := bytes.Cut(decl, []byte("encoding=")); ok && len(v) > 1 {
			if end := bytes.IndexByte(v[1:], v[0]); end >= 0 {
				return string(v[1 : end+1])
			}
		}
	}
	name := ""
	metas(page, func(tag []byte) {
		if name != "" {
			return
		}
		for at := len("<meta"); ; {
			var a attribute
			if a, at = nextAttribute(tag, at); at < 0 {
				break
			}
			if a.start >= 0 && ascii.EqualFoldBytes(a.name, "charset") {
				name = string(bytes.TrimSpace(a.value(tag)))
			}
		}
		if n, content := httpEquiv(tag); name == "" && ascii.EqualFoldBytes(n, "content-type") {
			name = parameter(content)
		}
	})
	return name
}

// parameter returns the charset that a media type names.
func parameter(mediaType []byte) string {
	for i := range mediaType {
		if rest := mediaType[i:]; ascii.HasPrefixFoldBytes(rest, "charset=") {
			rest = bytes.Trim(rest[len("charset="):], ` "'`)
			if end := bytes.IndexAny(rest, ` ;,"'`); end >= 0 {
				rest = rest[:end]
			}
			return string(rest)
		}
	}
	return ""
}

// metas calls f for the meta elements at the beginning of a page.
func metas(page []byte, f func(tag []byte)) {
	for {
		at := bytes.IndexByte(page, '<')
		if at < 0 {
			return
		}
		page = page[at:]
		switch {
		case bytes.HasPrefix(page, []byte("<!--")):
			end := bytes.Index(page, []byte("-->"))
			if end < 0 {
				return
			}
			page = page[end:]
		case ascii.HasPrefixFoldBytes(page, "<body"):
			return
		case ascii.HasPrefixFoldBytes(page, "<meta") && len(page) > 5 && (isSpace(page[5]) || page[5] == '/'):
			end := bytes.IndexByte(page, '>')
			if end < 0 {
				return
			}
			f(page[:end+1])
			page = page[end:]
		default:
			page = page[1:]
		}
	}
}

// converter passes a body through a transformer, in pieces.
type converter struct {
	t    transform.Transformer // nil: nothing changes
	rest []byte                // the beginning of a character
	out  []byte
}

// set begins with another transformer.
func (c *converter) set(t transform.Transformer) { c.t, c.rest, c.out = t, c.rest[:0], c.out[:0] }

// run returns what becomes of p, which is valid until the next call.
func (c *converter) run(p []byte, end bool) ([]byte, error) {
	if c.t == nil {
		return p, nil
	}
	if len(c.rest) > 0 {
		c.rest = append(c.rest, p...)
		p = c.rest
	}
	c.out = c.out[:0]
	for {
		if cap(c.out)-len(c.out) < 64+2*len(p) {
			c.out = append(make([]byte, 0, 2*cap(c.out)+3*len(p)+64), c.out...)
		}
		written, read, err := c.t.Transform(c.out[len(c.out):cap(c.out)], p, end)
		c.out, p = c.out[:len(c.out)+written], p[read:]
		switch {
		case err == nil, errors.Is(err, transform.ErrShortSrc) && !end:
			c.rest = append(c.rest[:0], p...)
			return c.out, nil
		case !errors.Is(err, transform.ErrShortDst):
			return c.out, err
		case written == 0 && read == 0:
			c.out = append(make([]byte, 0, 2*cap(c.out)+64), c.out...)
		}
	}
}
