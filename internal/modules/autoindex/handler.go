package autoindex

import (
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
)

// folderHandler is the handler of a folder for which no other is named.
const folderHandler = "httpd/unix-directory"

// dir adds the handler of one combination of sections.
func dir(b *module.Builder, d *module.Dir) error {
	if !b.Present("autoindex_module") {
		return nil
	}
	c, ok := slot.Peek(d.Conf)
	if !ok {
		c = new(conf)
	}
	d.Chain.Handlers = append(d.Chain.Handlers, &handler{c, d.Chain.Options&exchange.Indexes != 0})
	return nil
}

// handler lists folders. It implements exchange.Handler. httpd: handle_autoindex.
type handler struct {
	*conf
	allowed bool // Options Indexes
}

// Handle implements exchange.Handler.
func (h *handler) Handle(x *exchange.Exchange) error {
	f := x.File()
	if x.HandlerName != folderHandler || f == nil || !f.Mode.IsDir() || x.Req.Verb != message.GET && x.Req.Verb != message.HEAD {
		return exchange.ErrDeclined
	}
	folder := strings.TrimSuffix(string(f.Name), "/") + "/"
	if !h.allowed {
		return forbidden(x, folder)
	}
	return h.list(x, folder)
}

// forbidden is the fault of a folder that must not be listed.
func forbidden(x *exchange.Exchange, folder string) error {
	names := "none"
	if n, ok := x.Notes.Get("dir-index-names"); ok {
		names = string(n)
	}
	return &fault.Fault{
		Side: fault.Client, Module: "autoindex", Phase: fault.Map, Kind: fault.Denied, Cause: fault.FileForbidden, Status: 403, ID: "AH01276",
		Detail: "Cannot serve directory " + folder + ": No matching DirectoryIndex (" + names +
			") found, and server-generated directory index forbidden by Options directive",
	}
}

// list responds with the listing of a folder. httpd: index_directory.
func (h *handler) list(x *exchange.Exchange, folder string) error {
	infos, err := await(x, folder, readNames)
	if err != nil {
		return &fault.Fault{
			Side: fault.Client, Module: "autoindex", Phase: fault.Map, Kind: fault.Denied, Cause: fault.FileForbidden, Status: 403, ID: "AH01275",
			Detail: "Can't open directory for index: " + folder, Err: err,
		}
	}
	o := &order{opts: h.effective(), key: first(h.key, 'N'), direction: first(h.direction, 'A')}
	h.head(x, o)
	if x.Req.Verb == message.HEAD {
		x.Resp.Body = message.Framing{Kind: message.Unknown}
		return x.SendHead(true)
	}
	if x.HasArgs {
		o.ask(string(x.Args))
	} else {
		o.ask("")
	}
	p := &printer{conf: h.conf, order: o, x: x}
	p.top()
	p.list(h.entries(x, o, folder, infos))
	if p.err == nil {
		p.bottom()
	}
	return p.end()
}

// head makes the head of the response.
func (h *handler) head(x *exchange.Exchange, o *order) {
	r := &x.Resp
	r.Status = 200
	if o.opts&trackModified != 0 {
		info := x.File().Info
		t := time.Unix(0, info.Modified)
		r.Header.AddID(message.LastModified, t.UTC().AppendFormat(x.Arena.Alloc(32), "Mon, 02 Jan 2006 15:04:05 GMT"))
		tag := strconv.AppendInt(append(x.Arena.Alloc(48), '"'), info.Size, 16)
		tag = strconv.AppendInt(append(tag, '-'), t.UnixMicro(), 16)
		r.Header.AddID(message.ETag, append(tag, '"'))
	}
	kind := first(h.contentType, "text/html")
	charset := h.charset
	if charset == "" {
		charset = "ISO-8859-1"
		if h.ours() {
			charset = "UTF-8"
		}
	}
	r.Header.AddID(message.ContentType, x.Arena.String(kind+";charset="+charset))
}

// ours reports whether the page has the look of the server's own pages.
func (c *conf) ours() bool { return c.style == "" && c.effective()&xhtml == 0 }
