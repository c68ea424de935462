// Package core is httpd's core: listeners, virtual hosts, sections, limits,
// names, error documents, the error log.
//
// Imports module and the layers below it.
package core

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/snapshot"
)

// New returns the module. SetHandler can name named, SetOutputFilter and
// SetInputFilter the filters of kinds.
func New(named []module.HandlerKind, kinds module.FilterKinds) *module.Module {
	evals := new(exchange.Evaluator)
	return &module.Module{
		Name: "core", ID: "core_module", Static: true,
		Rows: append(append(rows(directive.Known().Lookup), handlers(named).row()), filterRows(kinds)...), Server: server, Finish: finish,
		Dir: func(b *module.Builder, d *module.Dir) error { return dir(b, d, evals) },
	}
}

// server fills a site with core's configuration; the defaults are httpd's.
func server(b *module.Builder, s *module.Server) error {
	c := ServerOf(s.Conf)
	if s.Scope == b.Main {
		b.Settings.Listen = GlobalOf(b.Main.Server).Listen // the protocols of its ports say which virtual hosts have TLS
	}
	b.RuntimeDir = GlobalOf(b.Main.Server).RuntimeDir.Or(filepath.Join(b.ServerRoot, "logs"))
	s.Addrs = ServerOf(s.Own).Addrs
	site := s.Site
	name := c.Name.V
	site.Name, site.Port, site.Scheme = name.Host, name.Port, name.Scheme
	if site.Name == "" {
		site.Name = deriveName(c, b)
		site.Port = derivePort(c, b)
	}
	site.Aliases = c.Aliases
	site.Admin = c.Admin.Or("[no address given]")
	site.DocumentRoot = c.DocumentRoot.Or("/usr/local/apache2/htdocs")
	site.Timeout, site.TimeoutPlace = c.Timeout.Or(60*time.Second), c.TimeoutPlace
	if site.Timeout == 0 {
		site.Timeout = 60 * time.Second
	}
	site.KeepAlive = c.KeepAlive.Or(true)
	site.KeepAliveTimeout = c.KeepAliveTimeout.Or(5 * time.Second)
	site.MaxKeepAlive = int32(c.MaxKeepAlive.Or(100))
	if site.MaxKeepAlive < 0 { // httpd: each connection has had more requests than that
		site.KeepAlive, site.MaxKeepAlive = false, 0
	}
	site.LimitLine = c.LimitLine.Or(8190)
	site.LimitField = c.LimitField.Or(8190)
	site.LimitFields = c.LimitFields.Or(100)
	site.EncodedSlashes = c.EncodedSlashes.Or(exchange.SlashesOff)
	site.MergeSlashes = c.MergeSlashes.Or(true)
	site.Trace = c.Trace.Or(exchange.TraceOn)
	site.RegisteredOnly = c.RegisteredOnly.Or(false)
	site.ServerHeader = serverHeader(b)
	return errorLog(b, c, site)
}

// serverHeaderKey is the key of the Server field's value in Builder.Aux.
type serverHeaderKey struct{}

// serverHeader returns the Server field of all sites, in the same memory.
func serverHeader(b *module.Builder) []byte {
	h, ok := b.Aux.Get(serverHeaderKey{}).([]byte)
	if !ok {
		h = []byte(tokens(GlobalOf(b.Main.Server).Tokens.Or("Full"), b.Version))
		b.Aux.Put(serverHeaderKey{}, h)
	}
	return h
}

// errorLog opens the site's error log: relative names are below ServerRoot.
func errorLog(b *module.Builder, c *ServerConf, site *exchange.Site) error {
	levels := logsink.DefaultLevels()
	site.Levels = c.Levels.Over(&levels)
	site.Log = b.Log
	dest := c.ErrorLog.Or("")
	if dest == "" {
		return nil
	}
	b.Part.Logs = append(b.Part.Logs, snapshot.Log{Dest: dest, Errors: true})
	out, err := b.Logs.Error(dest)
	if err != nil {
		b.Fail(c.ErrorLogPos, "ErrorLog", err)
		return nil
	}
	b.Part.Closers = append(b.Part.Closers, out.Release)
	site.Log = logsink.NewFormatted(out, site.Levels, c.Formats, site.Name)
	return nil
}

// deriveName names a server without ServerName: a virtual host for any address
// uses the main server's name. For another, httpd uses the name its address
// resolves to; the address itself is as useful and costs no look-up.
func deriveName(c *ServerConf, b *module.Builder) string {
	for _, a := range c.Addrs {
		switch {
		case a.Host != "":
			return a.Host
		case a.IP.IsValid() && !a.IP.IsUnspecified():
			return a.IP.String()
		}
	}
	if main := ServerOf(b.Main.Server).Name.V.Host; main != "" {
		return main
	}
	return hostname()
}

// derivePort is the port of a virtual host without ServerName: that of its first
// address, else the main server's (httpd: ap_parse_vhost_addrs). A ServerName
// without a port has the scheme's.
func derivePort(c *ServerConf, b *module.Builder) uint16 {
	if len(c.Addrs) > 0 && c.Addrs[0].Port != 0 {
		return c.Addrs[0].Port
	}
	return ServerOf(b.Main.Server).Name.V.Port
}

// dir fills a chain with core's configuration of a section.
func dir(b *module.Builder, d *module.Dir, evals *exchange.Evaluator) error {
	c, ok := dirSlot.Peek(d.Conf)
	if !ok {
		c = &DirConf{}
	}
	ch := d.Chain
	ch.Canonical = c.Canonical.Or(exchange.CanonicalOff)
	ch.Signature = c.Signature.Or(exchange.SignatureOff)
	ch.Options = c.Options.Over(firstOptions).Set
	if c.PassAuth.V || c.Current.V {
		p := ch.Programs()
		p.PassAuth, p.CurrentURI = c.PassAuth.V, c.Current.V
	}
	if c.Charset.V != "" {
		ch.Response = append(ch.Response, &charset{[]byte("; charset=" + c.Charset.V)})
	}
	// httpd's default of 1 GiB applies to requests it handles itself, not to
	// proxied ones.
	ch.LimitBody = c.LimitBody.Or(0)
	if c.Type.V != "" {
		ch.Fixups = append(ch.Fixups, forcedType(c.Type.V))
	}
	if h := c.Handler.V; h.name != nil {
		ch.Handler = h.written
		ch.Fixups = append(ch.Fixups, newHandlerStep(h, evals))
	}
	ch.Files = c.Files.rules()
	ch.Levels = c.Levels.Over(d.Server.Site.Levels)
	docs := &exchange.ErrorDocs{ByStatus: make(map[int]exchange.ErrorDoc)}
	for code, doc := range c.ErrorDocs {
		if doc.Value != nil {
			docs.ByStatus[code] = doc
		}
	}
	if len(docs.ByStatus) > 0 {
		ch.ErrorDocs = docs
	}
	return addFilters(b, d, c)
}

// finish fills the fields that concern the whole server.
func finish(b *module.Builder) error {
	g := GlobalOf(b.Main.Server)
	b.Settings.Deferred = deferred(g.AcceptFilters)
	b.Settings.Backlog, b.Settings.SendBuffer, b.Settings.RecvBuffer = g.Backlog, g.SendBuffer, g.RecvBuffer
	return nil
}

// deferred returns the protocols whose connections the system keeps until they have sent
// something. httpd: http and https, unless AcceptFilter says none; others if it says more.
func deferred(filters map[string]string) map[string]bool {
	out := map[string]bool{"http": true, "https": true}
	for protocol, filter := range filters {
		out[protocol] = filter != "none"
	}
	return out
}

// tokenWords are the values of ServerTokens and their short forms.
var tokenWords = []struct{ word, name string }{
	{"full", "Full"}, {"os", "OS"}, {"min", "Min"}, {"minimal", "Min"}, {"minor", "Minor"},
	{"major", "Major"}, {"prod", "Prod"}, {"productonly", "Prod"},
}

// tokens makes the Server field's value. The product is ours: software behind
// the proxy should not take it for another one.
func tokens(word, version string) string {
	product, v, _ := strings.Cut(version, "/")
	parts := strings.SplitN(v, ".", 3)
	switch word {
	case "Prod":
		return product
	case "Major":
		return product + "/" + parts[0]
	case "Minor":
		return product + "/" + strings.Join(parts[:min(2, len(parts))], ".")
	case "Min":
		return version
	}
	return version + " (" + system() + ")"
}

// abs makes a path absolute under root.
func abs(root, p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(root, p)
}
