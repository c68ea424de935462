package proxyhtml

import (
	"bytes"
	"strings"
	"sync"

	"golang.org/x/text/encoding"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
)

// Filters are the filters that SetOutputFilter can name: proxy-html, and xml2enc,
// which proxy-html includes.
func Filters() []module.FilterKind {
	return []module.FilterKind{
		{Name: "proxy-html", Rank: module.RankResource, New: func(b *module.Builder, d *module.Dir) (exchange.Filter, error) {
			return newFilter(b, d, true), nil
		}},
		{Name: "xml2enc", Rank: module.RankResource, New: func(b *module.Builder, d *module.Dir) (exchange.Filter, error) {
			return newFilter(b, d, false), nil
		}},
	}
}

// insert adds the filter where ProxyHTMLEnable is on.
func insert(b *module.Builder, d *module.Dir) error {
	if c, ok := slot.Peek(d.Conf); ok && c.enabled {
		d.AddFilter(module.RankResource, module.ByChain, newFilter(b, d, true))
	}
	return nil
}

// filter is the filter of one combination of sections.
type filter struct {
	conf    *conf
	aliases map[string]string
	links   bool      // links are mapped; false: the charset only
	free    sync.Pool // *page
}

func newFilter(b *module.Builder, d *module.Dir, links bool) *filter {
	f := &filter{conf: &conf{}, links: links}
	if c, ok := slot.Peek(d.Conf); ok {
		f.conf = c
	}
	if a, ok := aliases.Peek(b.Main.Server); ok {
		f.aliases = *a
	}
	return f
}

// page is the state of one response.
type page struct {
	rewriter
	begun    bool
	window   []byte // the beginning, until it is looked at
	in, made converter
}

const (
	// window is how much of a page is looked at for its charset, as browsers do.
	window = 1024
	// metaWindow is the same where ProxyHTMLMeta wants the fields in it.
	metaWindow = 8 << 10
	// mostKept is the size of buffers that are kept for the next page.
	mostKept = 64 << 10
)

// Head implements exchange.Filter (httpd: check_filter_init).
func (f *filter) Head(x *exchange.Exchange, s *exchange.Slot) (exchange.Effect, error) {
	if f.links && f.conf.links == nil || x.Resp.Header.Has(message.ContentEncoding) {
		return exchange.Declines, nil
	}
	kind, _ := x.Resp.Header.Get(message.ContentType)
	xml := ascii.HasPrefixFoldBytes(kind, "application/xhtml+xml")
	if _, forced := x.Env.Get("PROXY_HTML_FORCE"); !forced {
		if x.Mapped == nil || !xml && !ascii.HasPrefixFoldBytes(kind, "text/html") {
			return exchange.Declines, nil
		}
	}
	p, ok := f.free.Get().(*page)
	if !ok {
		p = &page{}
	}
	p.begun, p.window = false, p.window[:0]
	if f.links {
		p.prepare(f.conf, f.active(x), xml)
	}
	s.State = p
	return exchange.Changes | exchange.Holds, nil
}

// Body implements exchange.Filter.
func (f *filter) Body(x *exchange.Exchange, s *exchange.Slot, b []byte, op exchange.Op, next exchange.Sink) error {
	p := s.State.(*page)
	end := op == exchange.End
	if !p.begun {
		p.window = append(p.window, b...)
		switch {
		case len(p.window) == 0 && end: // an empty page stays as it is
			return next.Write(x, nil, op)
		case len(p.window) == 0, op == exchange.More && len(p.window) < f.window():
			return nil // httpd: a flush before the first bytes would send the head
		}
		b = f.begin(x, p)
		p.out = append(p.out[:0], f.conf.doctype...)
	}
	b, err := p.in.run(b, end)
	if err != nil {
		return err
	}
	if f.links {
		p.feed(b, end)
		b = p.out
	}
	if b, err = p.made.run(b, end); err != nil {
		return err
	}
	err = next.Write(x, b, op)
	p.out = p.out[:0]
	return err
}

func (f *filter) window() int {
	if f.conf.meta || f.conf.start != nil {
		return metaWindow
	}
	return window
}

// begin looks at the beginning of a page, edits the head of the response, and
// returns the bytes to rewrite.
func (f *filter) begin(x *exchange.Exchange, p *page) []byte {
	p.begun = true
	b := p.window
	kind, _ := x.Resp.Header.Get(message.ContentType)
	name := f.known(detect(kind, b))
	enc, ok := charset(name)
	if !ok {
		x.Logf(logsink.Warn, "xml2enc", "AH01431", "Charset %q is not supported: the bytes of the page stay as they are", name)
		p.in.set(nil)
		p.made.set(nil)
	} else {
		f.convert(x, p, kind, name, enc)
	}
	if f.conf.meta {
		f.promote(x, b)
	}
	return f.skip(b)
}

// known returns the charset that is meant by a name, or by none.
func (f *filter) known(name string) string {
	if name == "" {
		name = or(f.conf.assumed, latin1)
	}
	return or(f.aliases[ascii.ToLower(name)], name)
}

// convert sets up the conversions from and to the charsets, and names the latter
// in the Content-Type.
func (f *filter) convert(x *exchange.Exchange, p *page, kind []byte, name string, enc encoding.Encoding) {
	out := "utf-8"
	if f.links && f.conf.out != "" {
		if out = f.conf.out; out == "*" {
			out = name
		}
	}
	p.in.set(nil)
	p.made.set(nil)
	if !isUTF8(name) {
		p.in.set(enc.NewDecoder())
	}
	if !isUTF8(out) {
		e, _ := charset(out)
		p.made.set(encoding.HTMLEscapeUnsupported(e.NewEncoder()))
	}
	media, _, _ := bytes.Cut(kind, []byte(";"))
	if ascii.EqualFoldBytes(media, "text/html") {
		media = []byte("text/html")
	}
	x.Resp.Header.SetID(message.ContentType, x.Arena.Join(bytes.TrimSpace(media), []byte(";charset="), []byte(out)))
}

// promote makes fields of the response of <meta http-equiv> elements (httpd:
// metafix).
//
// Ours: not those that say how a message is sent.
func (f *filter) promote(x *exchange.Exchange, b []byte) {
	metas(b, func(tag []byte) {
		name, content := httpEquiv(tag)
		if len(name) == 0 || content == nil || ascii.EqualFoldBytes(name, "content-type") || !promotable(name, content) {
			return
		}
		x.Resp.Header.Del(string(name))
		x.Resp.Header.Add(x.Arena.Join(name), x.Arena.Join(content))
	})
}

// framing are fields that a page must not set.
const framing = " connection content-encoding content-length content-range keep-alive proxy-authenticate te trailer transfer-encoding upgrade "

func promotable(name, content []byte) bool {
	if !ascii.IsTokenBytes(name) || strings.Contains(framing, " "+ascii.ToLower(string(name))+" ") {
		return false
	}
	return bytes.IndexFunc(content, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) < 0
}

// skip drops what comes before the first of the elements of xml2StartParse.
func (f *filter) skip(b []byte) []byte {
	if f.conf.start == nil {
		return b
	}
	for i, c := range b {
		if c != '<' {
			continue
		}
		for _, name := range f.conf.start {
			if ascii.HasPrefixFoldBytes(b[i+1:], name) {
				return b[i:]
			}
		}
	}
	return b
}

// Done implements exchange.Filter.
func (f *filter) Done(_ *exchange.Exchange, s *exchange.Slot) {
	p := s.State.(*page)
	if max(cap(p.window), cap(p.hold), cap(p.part), cap(p.out), cap(p.in.out), cap(p.made.out)) <= mostKept {
		p.conf, p.maps = nil, nil
		f.free.Put(p)
	}
}
