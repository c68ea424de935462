package autoindex

import (
	_ "embed"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/page"
	"github.com/headgate/headgate/internal/uri"
)

// printer prints one listing, and sends it in pieces where it is long.
type printer struct {
	*conf
	*order
	x      *exchange.Exchange
	b      []byte
	opened bool // the head was sent
	mixed  bool // it has the text of an HTML file: no length is told (httpd: it is the response of a subrequest)
	err    error
}

const (
	// maxWhole is the size up to which a listing has a length. httpd: up to
	// AP_MIN_BYTES_TO_WRITE it is sent as a whole.
	maxWhole = 8000
	piece    = 32 << 10
)

// puts prints texts.
func (p *printer) puts(texts ...string) {
	for _, t := range texts {
		p.b = append(p.b, t...)
	}
}

// html prints a text of files or requests.
func (p *printer) html(text string) { p.b = uri.AppendHTML(p.b, []byte(text)) }

// slash ends a tag without content.
func (p *printer) slash() {
	if p.order.opts&xhtml != 0 {
		p.puts(" /")
	}
}

// flush sends what is printed, if that is enough for a piece.
func (p *printer) flush() {
	if p.err != nil || len(p.b) < piece {
		return
	}
	if !p.opened {
		p.open(message.Framing{Kind: message.Unknown})
	}
	if p.err == nil {
		p.err = p.x.SendBody(p.b, false)
	}
	p.b = p.b[:0]
}

func (p *printer) open(f message.Framing) {
	p.x.Resp.Body, p.opened = f, true
	p.err = p.x.SendHead(false)
}

// end sends the rest.
func (p *printer) end() error {
	if !p.opened && p.err == nil {
		f := message.Framing{Kind: message.Unknown}
		if len(p.b) <= maxWhole && !p.mixed {
			f = message.Framing{Kind: message.Length, Length: int64(len(p.b))}
			p.x.Resp.Header.AddID(message.ContentLength, p.x.Arena.Int(f.Length))
		}
		p.open(f)
	}
	if p.err != nil {
		return p.err
	}
	return p.x.SendBody(p.b, true)
}

//go:embed listing.css
var look string

// title is the path of the folder without a slash at its end.
func (p *printer) title() string {
	t := strings.TrimRight(string(p.x.Path), "/")
	if t == "" {
		return "/"
	}
	return t
}

// preamble prints what comes before the body. httpd: emit_preamble.
func (p *printer) preamble() {
	switch {
	case p.order.opts&xhtml != 0:
		p.puts("<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n",
			"<html xmlns=\"http://www.w3.org/1999/xhtml\">\n")
	case p.ours():
		p.puts("<!DOCTYPE html>\n<html>\n")
	default:
		p.puts("<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n<html>\n")
	}
	p.puts(" <head>\n  <title>Index of ")
	p.html(p.title())
	p.puts("</title>\n")
	if p.style != "" {
		p.puts("  <link rel=\"stylesheet\" href=\"", p.style, "\" type=\"text/css\"")
		p.slash()
		p.puts(">\n")
	}
	if p.ours() {
		p.puts("  <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n  <style>\n", page.Palette, look, "  </style>\n")
	}
	p.puts(p.headInsert, " </head>\n <body>\n")
}

// top prints the page down to the heading, which a header file may replace.
// httpd: emit_head.
func (p *printer) top() {
	text, isHTML, ok := p.around(p.headers)
	switch {
	case ok && isHTML:
		if p.order.opts&noPreamble == 0 {
			p.preamble()
		}
		p.b = append(p.b, text...)
		return
	case ok:
		p.preamble()
		p.plain(text)
		return
	}
	p.preamble()
	if p.style != "" {
		p.puts("  <h1 id=\"indextitle\">Index of ")
	} else {
		p.puts("<h1>Index of ")
	}
	p.html(p.title())
	p.puts("</h1>\n")
}

// bottom prints what comes after the list. httpd: emit_tail.
func (p *printer) bottom() {
	text, isHTML, ok := p.around(p.readmes)
	switch {
	case ok && isHTML:
		p.b = append(p.b, text...)
		if p.order.opts&noPreamble != 0 {
			return
		}
	case ok:
		p.plain(text)
	case p.x.Chain.Signature != exchange.SignatureOff:
		p.b = p.x.AppendSignature(p.b)
	}
	p.puts("</body></html>\n")
}

// plain prints a text that is no HTML. httpd: do_emit_plain.
func (p *printer) plain(text []byte) {
	p.puts("<pre>\n")
	p.puts(strings.NewReplacer("<", "&lt;", ">", "&gt;", "&", "&amp;").Replace(string(text)))
	p.puts("</pre>\n")
}

// around returns the text of the file that one of the items names for this
// folder, if there is one that may be seen and that is text.
func (p *printer) around(list []item) (text []byte, isHTML, ok bool) {
	name, ok := find(list, string(p.x.File().Name), nil, false)
	if !ok {
		return nil, false, false
	}
	target := p.x.Arena.String(name)
	if p.x.HasArgs {
		target = p.x.Arena.Join(target, []byte("?"), p.x.Args)
	}
	sub := p.x.Lookups.Lookup(p.x, target)
	f := sub.File()
	if sub.Status != 200 || f == nil || !f.Mode.IsRegular() || sub.Mapped != nil || sub.HandlerName != "" && sub.HandlerName != "default-handler" {
		return nil, false, false
	}
	isHTML = isPage(sub)
	if !isHTML && !ascii.HasPrefixFoldBytes(sub.Media.Type, "text/") {
		return nil, false, false
	}
	text, err := await(p.x, string(f.Name), readText)
	p.mixed = p.mixed || isHTML && err == nil
	return text, isHTML, err == nil
}
