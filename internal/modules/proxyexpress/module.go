// Package proxyexpress is mod_proxy_express: a table of host names and the backends
// they are mapped to.
//
// Imports module and the layers below it.
package proxyexpress

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
)

// conf holds the directives of a server. httpd: they count for the server even within
// sections.
type conf struct {
	enabled module.Opt[bool]
	table   module.Opt[*module.TextMap]
}

var slot = directive.Slot[conf]{Name: "proxyexpress", Merge: func(base, add *conf) *conf {
	return &conf{enabled: module.Over(base.enabled, add.enabled), table: module.Over(base.table, add.table)}
}}

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_proxy_express", ID: "proxy_express_module", Dir: dir,
		Rows: []directive.Row{
			{Name: "ProxyExpressEnable", Tier: directive.Honoured, When: always, Set: func(c *directive.Call) error {
				slot.Of(c.Server).enabled.To(c.On)
				return nil
			}},
			{Name: "ProxyExpressDBMFile", When: whenFile, Set: setFile},
			{Name: "ProxyExpressDBMType", Tier: directive.Noted, Note: "tables are text files", Set: func(*directive.Call) error { return nil }},
		},
	}
}

func always(*directive.Call) (directive.Tier, string) { return directive.Honoured, "" }

// textKind begins the name of a text file, as for RewriteMap.
const textKind = "txt:"

// whenFile accepts text files only.
func whenFile(c *directive.Call) (directive.Tier, string) {
	if ascii.HasPrefixFold(c.Arg(0), textKind) {
		return directive.Honoured, ""
	}
	return directive.Refused, "DBM files are not supported: name the text file that it was made from (by httxt2dbm) as txt:FILE"
}

func setFile(c *directive.Call) error {
	file := c.Arg(0)
	if !ascii.HasPrefixFold(file, textKind) {
		return nil
	}
	slot.Of(c.Server).table.To(&module.TextMap{File: c.Path(file[len(textKind):])})
	return nil
}

// dir has the requests of a server mapped by its table.
func dir(_ *module.Builder, d *module.Dir) error {
	c, ok := slot.Peek(d.Server.Conf)
	if ok && c.enabled.V && c.table.V != nil {
		d.Chain.Translate = append(d.Chain.Translate, &translator{c.table.V})
	}
	return nil
}

// translator maps requests whose host is in the table. It implements
// exchange.Translator.
type translator struct{ table *module.TextMap }

// Translate implements exchange.Translator. httpd: xlate_name.
func (t *translator) Translate(x *exchange.Exchange) (exchange.Handler, error) {
	if x.Site.Targets == nil || x.Mapped != nil || len(x.Path) == 0 || x.Path[0] != '/' {
		return nil, exchange.ErrDeclined
	}
	values, err := t.table.Values(x.Loop)
	if err != nil {
		x.Logf(logsink.Error, "proxy_express", "", "the table %s cannot be read: %v", t.table.File, err)
		return nil, exchange.ErrDeclined
	}
	host := x.AppendHostName(x.Arena.Alloc(len(x.Req.Host) + len(x.Site.Name) + len("[]")))
	backend := values[ascii.ToLower(string(host))]
	if len(backend) == 0 {
		return nil, exchange.ErrDeclined
	}
	h, err := x.Site.Targets.Target(x, x.Arena.Join(backend, x.Path), false)
	if err != nil {
		return nil, err
	}
	x.HandlerName, x.Out.Backend = "proxy-server", backend
	return h, nil
}
