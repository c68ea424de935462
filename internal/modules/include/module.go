package include

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
)

// The defaults of mod_include.
const (
	usualError  = "[an error occurred while processing this directive]"
	usualTime   = "%A, %d-%b-%Y %H:%M:%S %Z"
	usualEcho   = "(none)"
	usualStart  = "<!--#"
	usualEnd    = "-->"
	handlerName = "server-parsed"
)

// serverConf are the marks of commands. httpd: those of servers are not merged.
type serverConf struct{ start, end string }

var serverSlot = directive.Slot[serverConf]{Name: "include server", New: func() *serverConf { return &serverConf{usualStart, usualEnd} }}

// hack is XBitHack.
type hack uint8

const (
	hackOff hack = iota
	hackOn
	hackFull
)

// conf is what a section says.
type conf struct {
	errors, times, undefined module.Opt[string]
	hack                     module.Opt[hack]
	etag, modified           module.Opt[bool]
}

var slot = directive.Slot[conf]{Name: "include", Merge: func(base, add *conf) *conf {
	return &conf{
		errors: module.Over(base.errors, add.errors), times: module.Over(base.times, add.times),
		undefined: module.Over(base.undefined, add.undefined), hack: module.Over(base.hack, add.hack),
		etag: module.Over(base.etag, add.etag), modified: module.Over(base.modified, add.modified),
	}
}}

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_include", ID: "include_module", Dir: dir,
		Rows: []directive.Row{
			text("SSIErrorMsg", func(c *conf) *module.Opt[string] { return &c.errors }),
			text("SSITimeFormat", func(c *conf) *module.Opt[string] { return &c.times }),
			text("SSIUndefinedEcho", func(c *conf) *module.Opt[string] { return &c.undefined }),
			flag("SSIETag", func(c *conf) *module.Opt[bool] { return &c.etag }),
			flag("SSILastModified", func(c *conf) *module.Opt[bool] { return &c.modified }),
			mark("SSIStartTag", func(s *serverConf) *string { return &s.start }),
			mark("SSIEndTag", func(s *serverConf) *string { return &s.end }),
			{Name: "XBitHack", Tier: directive.Honoured, Words: []string{"on", "off", "full"}, Set: setHack},
			{Name: "SSILegacyExprParser", Tier: directive.Honoured, Set: func(c *directive.Call) error {
				if c.On {
					return c.Errorf("the expressions of httpd 2.2 are not supported: write them as those of httpd 2.4")
				}
				return nil
			}},
		},
	}
}

func text(name string, of func(*conf) *module.Opt[string]) directive.Row {
	return directive.Row{Name: name, Tier: directive.Honoured, Set: func(c *directive.Call) error {
		of(slot.Of(c.Dir)).To(c.Arg(0))
		return nil
	}}
}

func flag(name string, of func(*conf) *module.Opt[bool]) directive.Row {
	return directive.Row{Name: name, Tier: directive.Honoured, Set: func(c *directive.Call) error {
		of(slot.Of(c.Dir)).To(c.On)
		return nil
	}}
}

func mark(name string, of func(*serverConf) *string) directive.Row {
	return directive.Row{Name: name, Tier: directive.Honoured, Set: func(c *directive.Call) error {
		if v := c.Arg(0); v == "" || strings.ContainsAny(v, " \t\r\n\v\f") {
			return c.Errorf("%s may not contain any whitespaces", name)
		}
		*of(serverSlot.Of(c.Server)) = c.Arg(0)
		return nil
	}}
}

func setHack(c *directive.Call) error {
	words := map[string]hack{"off": hackOff, "on": hackOn, "full": hackFull}
	h, ok := words[ascii.ToLower(c.Arg(0))]
	if !ok {
		return c.Errorf("XBitHack must be set to Off, On, or Full")
	}
	slot.Of(c.Dir).hack.To(h)
	return nil
}

// Handlers are the handlers that configurations can name.
func Handlers() []module.HandlerKind {
	return []module.HandlerKind{{Name: handlerName, Judge: func(*directive.Call, string) (directive.Tier, string) { return directive.Honoured, "" }}}
}

// Filter is INCLUDES.
func Filter() module.FilterKind {
	return module.FilterKind{
		Name: "INCLUDES", Rank: module.RankResource,
		New: func(_ *module.Builder, d *module.Dir) (exchange.Filter, error) { return newFilter(d, false), nil },
	}
}

// dir adds what the handler and XBitHack need, where pages may have commands.
func dir(b *module.Builder, d *module.Dir) error {
	if !b.Present("include_module") || !d.Chain.Options.Has(exchange.Includes) {
		return nil
	}
	f := newFilter(d, true)
	d.Chain.Local = append(d.Chain.Local, parsed{})
	d.AddFilter(module.RankResource, module.BySection, f)
	return nil
}

// newFilter makes the filter of one combination of sections. implied: no directive names it, the file or its handler asks
// for it.
func newFilter(d *module.Dir, implied bool) *filter {
	f := &filter{implied: implied, allowed: d.Chain.Options.Has(exchange.Includes), exec: d.Chain.Options.Has(exchange.IncludesExec)}
	c, ok := slot.Peek(d.Conf)
	if !ok {
		c = new(conf)
	}
	f.errors, f.times, f.undefined = c.errors.Or(usualError), c.times.Or(usualTime), c.undefined.Or(usualEcho)
	f.hack, f.etag, f.modified = c.hack.V, c.etag.V, c.modified.V
	s, ok := serverSlot.Peek(d.Server.Conf)
	if !ok {
		s = &serverConf{usualStart, usualEnd}
	}
	f.start, f.end = []byte(s.start), []byte(s.end)
	return f
}

// parsed is the handler server-parsed: files are sent as others are, through the filter. It implements exchange.Step. httpd:
// include_fixup.
type parsed struct{}

// Do implements exchange.Step.
func (parsed) Do(x *exchange.Exchange) error {
	if x.HandlerName == handlerName {
		x.HandlerName, x.Media.Parsed = "default-handler", true
		if x.Media.Type == nil {
			x.Media.Type = htmlType
		}
	}
	return nil
}

var htmlType = []byte("text/html")
