package proxy

import (
	"bytes"
	"strings"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/uri"
)

// proxyName is the prefix of handler names that contain the URL of a backend.
const proxyName = "proxy:"

// fileNote is what few who name a backend by SetHandler mean.
const fileNote = "as in httpd, the backend receives the path of the file on this machine (/var/www/...); with ProxyPass it receives the path of the URL"

// Handlers returns the kind of handler that SetHandler and the H flag of
// RewriteRule can name: "proxy:" and a URL. The name of the request's file is
// appended to that URL.
func Handlers() []module.HandlerKind {
	return []module.HandlerKind{{Name: proxyName, Judge: judgeName}}
}

// judgeName returns the tier of "proxy:URL", which depends on the scheme.
func judgeName(c *directive.Call, name string) (directive.Tier, string) {
	url := strings.TrimPrefix(name, proxyName)
	if strings.HasPrefix(url, "%{") {
		return directive.Honoured, ""
	}
	if param.IsBalancer(url) {
		c.Note(fileNote)
		return directive.Honoured, ""
	}
	if rest, ok := strings.CutPrefix(url, "unix:"); ok {
		_, url, _ = strings.Cut(rest, "|")
	}
	scheme, _, ok := strings.Cut(url, "://")
	if !ok || scheme == "" {
		c.Warn("the handler has no URL: all its requests are answered 404")
		return directive.Honoured, ""
	}
	if scheme == "http" || scheme == "https" {
		c.Note(fileNote)
	}
	return schemeTier(uri.URL{Scheme: scheme})
}

// named is the handler for SetHandler "proxy:URL": it sends a request to the URL
// in its handler's name, unless the request is mapped to a backend already.
// httpd: proxy_handler.
type named struct{}

// Handle implements exchange.Handler.
func (named) Handle(x *exchange.Exchange) error {
	url, ok := strings.CutPrefix(x.HandlerName, proxyName)
	if !ok || x.Req.Verb == message.TRACE || len(x.Filename) == 0 || x.Filename[0] != '/' {
		return exchange.ErrDeclined
	}
	file := x.Filename
	target := x.Arena.Join([]byte(url), x.ShownFilename())
	if bytes.Index(target, []byte("://")) <= 0 {
		return exchange.ErrDeclined // httpd: no module makes it canonical
	}
	h, err := x.Site.Targets.Target(x, target, false)
	if f, ok := err.(*fault.Fault); ok && f.Kind == fault.Unsupported { //nolint:errorlint // Target returns it unchanged
		x.Filename = file
		return exchange.ErrDeclined
	}
	if err != nil {
		return err
	}
	x.Mapped = h
	if x.Recorder != nil && x.Mapping != nil {
		x.Recorder.Record(record.Mapping{Line: x.Mapping.Line(), To: record.ToBackend, Target: string(x.Out.URL), Again: true})
	}
	return h.Handle(x)
}
