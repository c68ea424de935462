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

// proxyName is what names of handlers begin with that are the URL of a backend.
const proxyName = "proxy:"

// Handlers returns what SetHandler, and a rewrite's H flag, can name: "proxy:"
// and a URL, to which the name of the file is appended.
func Handlers() []module.HandlerKind {
	return []module.HandlerKind{{Name: proxyName, Judge: judgeName}}
}

// judgeName judges "proxy:URL" by the scheme.
func judgeName(c *directive.Call, name string) (directive.Tier, string) {
	url := strings.TrimPrefix(name, proxyName)
	if strings.HasPrefix(url, "%{") {
		return directive.Honoured, ""
	}
	if param.IsBalancer(url) {
		return schemeTier(uri.URL{Scheme: "balancer"})
	}
	if rest, ok := strings.CutPrefix(url, "unix:"); ok {
		_, url, _ = strings.Cut(rest, "|")
	}
	scheme, _, ok := strings.Cut(url, "://")
	if !ok || scheme == "" {
		c.Warn("there is no URL in it: every request there is answered 404")
		return directive.Honoured, ""
	}
	if scheme == "http" {
		c.Note("as in httpd, the backend gets the path of the file on this machine (/var/www/...); with ProxyPass it gets that of the URL")
	}
	return schemeTier(uri.URL{Scheme: scheme})
}

// named sends requests to the URL in the name of their handler, unless they are
// mapped to a backend otherwise. It implements exchange.Handler.
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
		return exchange.ErrDeclined // httpd: nobody makes it canonical
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
