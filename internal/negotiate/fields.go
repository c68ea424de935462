package negotiate

import (
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/uri"
)

// Vary returns the fields of requests by which the variants differ; "": none. httpd: set_neg_headers.
func Vary(list []Variant, transparent bool) string {
	var names []string
	if transparent {
		names = append(names, "negotiate")
	}
	for _, d := range []struct {
		name string
		of   func(*Variant) string
	}{
		{"accept", func(v *Variant) string { return v.Type }},
		{"accept-language", func(v *Variant) string { return strings.Join(v.Languages, ",") }},
		{"accept-charset", func(v *Variant) string { return v.Charset }},
		{"accept-encoding", func(v *Variant) string { return v.Encoding }},
	} {
		for i := range list {
			if d.of(&list[i]) != d.of(&list[0]) {
				names = append(names, d.name)
				break
			}
		}
	}
	return strings.Join(names, ",")
}

// ListAll returns the value of the field that lists all variants (RFC 2295 section 8.3).
func (r *Request) ListAll(list []Variant) string {
	var b strings.Builder
	for i := range list {
		v := &list[i]
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(`{"` + Segment(v.Name) + `" ` + shortQuality(v.source))
		part := func(name, value string) {
			if value != "" {
				b.WriteString(" {" + name + " " + value + "}")
			}
		}
		part("type", v.Type)
		part("charset", v.Charset)
		part("language", strings.Join(v.Languages, ","))
		part("encoding", v.Encoding)
		if !v.Handled && r.length(v) >= 0 {
			part("length", strconv.FormatInt(v.Bytes, 10))
		}
		b.WriteByte('}')
	}
	return b.String()
}

// shortQuality prints a quality without zeros at its end.
func shortQuality(q float32) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(float64(q), 'f', 3, 32), "0"), ".")
}

// Segment encodes a name as a segment of a URL. httpd: ap_escape_path_segment.
func Segment(name string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; ascii.IsDigit(c) || ascii.IsAlpha(c) || strings.IndexByte("$-_.+!*'(),:@&=~", c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + string(digits[c>>4]) + string(digits[c&15]))
		}
	}
	return b.String()
}

// ListNote is the name of the note with the variants in HTML, for pages that let the client choose.
const ListNote = "variant-list"

// Page lists the variants in HTML. httpd: make_variant_list. Ours: names and descriptions are escaped.
func Page(list []Variant) []byte {
	b := []byte("Available variants:\n<ul>\n")
	text := func(s string) { b = uri.AppendHTML(b, []byte(s)) }
	for i := range list {
		v := &list[i]
		b = append(b, `<li><a href="`...)
		text(Segment(v.Name))
		b = append(b, `">`...)
		text(v.Name)
		b = append(b, "</a> "...)
		text(v.Description)
		part := func(name, value string, there bool) {
			if there {
				b = append(append(append(b, ", "...), name...), ' ')
				text(value)
			}
		}
		part("type", v.Type, v.Type != "")
		part("language", strings.Join(v.Languages, ","), len(v.Languages) > 0)
		part("charset", v.Charset, v.Charset != "")
		part("encoding", v.Encoding, v.HasEncoding)
		b = append(b, "</li>\n"...)
	}
	return append(b, "</ul>\n"...)
}
