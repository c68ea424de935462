// Package asis is mod_asis: the handler send-as-is, whose files begin with the head of
// their response.
//
// Imports files, the heads of programs' responses, module and the layers below.
package asis

import (
	"bytes"

	"github.com/headgate/headgate/internal/backend/cgi"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/files"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
)

// The name of the handler, and the type that stands for it.
const (
	name     = "send-as-is"
	fileType = "httpd/send-as-is"
)

// New returns the module. It has no directives.
func New() *module.Module {
	sender := files.NewUnkept()
	return &module.Module{
		Name: "mod_asis", ID: "asis_module",
		Dir: func(b *module.Builder, d *module.Dir) error {
			if b.Present("asis_module") {
				d.Chain.Handlers = append(d.Chain.Handlers, handler{sender})
			}
			return nil
		},
	}
}

// Handlers are the handlers that configurations can name.
func Handlers() []module.HandlerKind {
	judge := func(*directive.Call, string) (directive.Tier, string) { return directive.Honoured, "" }
	return []module.HandlerKind{{Name: name, Judge: judge}, {Name: fileType, Judge: judge}}
}

// handler is the handler.
type handler struct{ files *files.Sender }

// Handle implements exchange.Handler. httpd: asis_handler, which leaves other methods to the
// handler of all files.
func (h handler) Handle(x *exchange.Exchange) error {
	if x.HandlerName != name && x.HandlerName != fileType || x.Mapped != nil || x.File() == nil {
		return exchange.ErrDeclined
	}
	switch x.Req.Verb {
	case message.GET, message.HEAD:
		return h.files.Described(x, new(head))
	case message.POST:
		return h.files.Serve(x)
	}
	return exchange.ErrDeclined
}

// head is the head of one file. It implements files.Head.
type head struct {
	cgi.Head
	begun bool
}

// Add implements files.Head.
func (h *head) Add(p []byte) (n int, whole bool, err error) {
	if !h.begun {
		h.Reset(0)
		h.begun = true
	}
	if n, whole, err = h.Head.Add(p); err != nil {
		return n, whole, invalid(err)
	}
	return n, whole, nil
}

// Apply implements files.Head. Conditions of the request do not count, as in httpd.
func (h *head) Apply(x *exchange.Exchange) (none bool, err error) {
	_, none, err = h.Parse(x)
	if err != nil {
		return false, invalid(err)
	}
	if !h.Stated() && (x.Resp.Status == 304 || x.Resp.Status == 412) {
		x.Resp.Status, none = 200, x.Req.Verb == message.HEAD
	}
	if v, ok := x.Resp.Header.Get(message.Location); ok && len(v) > 0 && v[0] == '/' && onward(x.Resp.Status) {
		path, query, has := bytes.Cut(v, []byte("?"))
		return false, &exchange.InternalRedirect{Path: path, Query: query, HasQuery: has, Get: true}
	}
	return none, nil
}

// onward reports whether a path in Location is responded to at once.
func onward(status int) bool {
	return status == 200 || status == 301 || status == 302 || status == 303 || status == 307 || status == 308
}

// invalid is the fault of a file whose head cannot be read.
func invalid(err error) error {
	return &fault.Fault{
		Side: fault.Proxy, Module: "asis", Phase: fault.Map, Kind: fault.Malformed, Cause: fault.ConfigurationError, Status: 500,
		Detail: "the head at the beginning of the file", Err: err,
	}
}
