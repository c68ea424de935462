package exchange

import (
	"bytes"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/message"
)

// Media is what a request leads to, as far as the name of the file and the
// configuration tell (httpd: content_type, content_encoding and
// content_languages of a request). Handlers need not look at it: SendHead adds
// what it says to their responses. Its bytes may be shared and are never
// written to.
type Media struct {
	Type      []byte // with parameters; nil: not known
	Encoding  []byte // the value of Content-Encoding; nil: none
	Languages []byte // the value of Content-Language; nil: none
	Variants  []byte // tells apart the sets of variants that the file was chosen from, for its ETag; nil: it was not chosen

	Parsed   bool // the handler server-parsed is named: what the page has in it is obeyed
	Included bool // a filter obeys it

	Known  bool   // the steps of Chain.Types have run
	Found  bool   // some extension of the name says something
	Parts  int    // how many parts the name has, between its dots; empty ones do not count
	Unsaid uint64 // bit N is set: part N says nothing. Part 0 is the name without extensions
}

// describeContent sets the type of a handler's response to what the name says, if
// the handler has not set one (httpd: ap_http_header_filter, and the type checker
// that ran before).
func (x *Exchange) describeContent() {
	typed := x.Resp.Header.Has(message.ContentType)
	if !x.Media.Known && len(x.Chain.Types) > 0 && (!typed || x.Chain.Labels) {
		for _, s := range x.Chain.Types {
			_ = s.Do(x)
		}
	}
	if !typed && x.Media.Type != nil {
		x.Resp.Header.AddID(message.ContentType, x.Media.Type)
	}
}

// label sets the fields for encoding and languages, which filters look at. It does
// so again after them, because the edits of mod_headers do not touch these fields in
// httpd. changed: a filter has made another body.
func (x *Exchange) label(changed bool) {
	h := &x.Resp.Header
	if e := x.Media.Encoding; e != nil && !changed {
		h.SetID(message.ContentEncoding, e)
	}
	if l := x.Media.Languages; l != nil {
		if old, ok := h.Get(message.ContentLanguage); ok {
			l = x.uniteLanguages(l, old)
		}
		h.SetID(message.ContentLanguage, l)
	}
}

// uniteLanguages returns the list own, with those of more that are not in it.
func (x *Exchange) uniteLanguages(own, more []byte) []byte {
	out := append(x.Arena.Alloc(len(own)+len(more)+1), own...)
	for tag := range bytes.SplitSeq(more, []byte(",")) {
		if tag = bytes.TrimSpace(tag); len(tag) > 0 && !hasTag(out, tag) {
			out = append(append(out, ','), tag...)
		}
	}
	return out
}

func hasTag(list, tag []byte) bool {
	for t := range bytes.SplitSeq(list, []byte(",")) {
		if ascii.EqualFoldBytes(t, tag) {
			return true
		}
	}
	return false
}
