package rewrite

import (
	"bytes"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/fault"
)

// fixup applies the rules of sections. It implements exchange.Step.
type fixup struct {
	set *ruleset
}

// Do implements exchange.Step. httpd: hook_fixup.
func (f *fixup) Do(x *exchange.Exchange) error {
	u := f.set.begin(x)
	defer u.end()
	u.proxied = x.Mapped != nil && bytes.HasPrefix(x.Filename, []byte(proxyPrefix))
	if !u.proxied && !f.set.options.has(allowNoSlash) && string(x.Filename)+"/" == f.set.dir {
		return nil
	}
	if x.Notes.Has(endNote) {
		if u.traces(8) {
			u.tracef(8, f.set.dir, "Declining, no further rewriting due to END flag")
		}
		return nil
	}
	if x.Chain.Options&(exchange.FollowSymLinks|exchange.SymLinksIfOwnerMatch) == 0 {
		return &fault.Fault{
			Side: fault.Client, Module: "rewrite", Phase: fault.Map, Kind: fault.Denied, Cause: fault.DeniedByFilesystem, Status: 403, ID: "AH00670",
			Detail: "Options FollowSymLinks and SymLinksIfOwnerMatch are both off, so the RewriteRule directive is also forbidden due to its similar ability to circumvent directory restrictions : " + string(x.Filename),
		}
	}
	was, name := before{x.Args, x.HasArgs}, x.Filename
	if u.proxied && x.Out.URL != nil {
		x.Filename = x.Out.URL // httpd: mod_proxy's fixup, before this one, has canonicalised it
	} else if !u.proxied {
		u.pathInfo = exchange.AppendVar(x.Arena.Alloc(len(name)), expr.PathInfo, x)
		x.Filename = x.ShownFilename()
	}
	began := x.Filename
	result := u.apply()
	switch result {
	case unchanged:
		if u.traces(1) {
			u.tracef(1, f.set.dir, "pass through %s", x.Filename)
		}
		x.Filename = name
		return nil
	case answered:
		x.Filename = name
		u.recordStatus(u.status, nil)
		return x.Reply(u.status)
	}
	return u.fixed(result, was, began)
}

// fixed applies the decision of the rules. began is the file name before the
// first rule.
func (u *run) fixed(result outcome, was before, began []byte) error {
	x := u.x
	scheme, _ := absolute(x.Filename)
	if err := u.unsafeQuery(result, scheme); err != nil {
		return err
	}
	switch {
	case bytes.HasPrefix(x.Filename, []byte(proxyPrefix)):
		h, err := u.forward(true)
		if err == nil {
			x.Mapped = h
		}
		return err
	case scheme > 0:
		u.rebase(scheme)
		return u.redirect(result, scheme, was.has, was.args)
	}
	x.Filename = bytes.TrimPrefix(x.Filename, []byte(passPrefix))
	return u.again(began)
}

// rebase replaces the section's folder in a URL by RewriteBase.
func (u *run) rebase(scheme int) {
	x := u.x
	slash := bytes.IndexByte(x.Filename[scheme:], '/')
	if u.set.base == "" || slash < 0 || scheme+slash+1 == len(x.Filename) {
		return
	}
	at := scheme + slash + 1
	if u.traces(2) {
		u.tracef(2, u.set.dir, "trying to replace prefix %s with %s", u.set.dir, u.set.base)
	}
	dir := u.set.dir
	if dir[0] == '/' {
		dir = dir[1:]
	}
	x.Filename = x.Arena.Join(x.Filename[:at], u.replacePrefix(x.Filename[at:], dir, u.set.base[1:]))
}

// again restarts the request with the path that the rules made.
func (u *run) again(began []byte) error {
	x, dir := u.x, u.set.dir
	if u.traces(2) {
		u.tracef(2, "", "local path result: %s", x.Filename)
	}
	if len(x.Filename) == 0 || x.Filename[0] != '/' {
		return x.Reply(400)
	}
	if bytes.Equal(x.Filename, began) {
		if u.traces(1) {
			u.tracef(1, dir, "initial URL equal rewritten URL: %s [IGNORING REWRITE]", x.Filename)
		}
		return nil
	}
	if root := bytes.TrimSuffix([]byte(x.Site.DocumentRoot), []byte("/")); u.set.base != "" {
		if u.traces(2) {
			u.tracef(2, dir, "trying to replace prefix %s with %s", dir, u.set.base)
		}
		x.Filename = u.replacePrefix(x.Filename, dir, u.set.base)
	} else if len(x.Filename) > len(root) && bytes.HasPrefix(x.Filename, root) && x.Filename[len(root)] == '/' {
		if u.traces(2) {
			u.tracef(2, dir, "strip document_root prefix: %s -> %s", x.Filename, x.Filename[len(root):])
		}
		x.Filename = x.Filename[len(root):]
	} else if !u.set.options.has(ignoreContextInfo) {
		u.intoContext()
	}
	if u.traces(1) {
		u.tracef(1, dir, "internal redirect with %s [INTERNAL REDIRECT]", x.Filename)
	}
	x.Mapped = &restart{exchange.InternalRedirect{Path: x.Filename, Query: x.Args, HasQuery: x.HasArgs}}
	x.HandlerName = "redirect-handler"
	return nil
}

// intoContext replaces the folder of the Alias that mapped the request by the
// Alias's URL-path.
func (u *run) intoContext() {
	x := u.x
	if u.traces(2) {
		root := exchange.AppendVar(nil, expr.ContextDocumentRoot, x)
		u.tracef(2, u.set.dir, "trying to replace context docroot %s with context prefix %s", root, x.ContextPrefix)
	}
	if x.ContextRoot != nil {
		x.Filename = u.replacePrefix(x.Filename, string(x.ContextRoot), string(x.ContextPrefix))
	}
}

// restart is the handler that restarts the request. As in httpd, the fixups after
// the rules still see the original request.
type restart struct{ to exchange.InternalRedirect }

// Handle implements exchange.Handler.
func (r *restart) Handle(*exchange.Exchange) error { return &r.to }
