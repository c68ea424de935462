package proxyhtml

import (
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
)

// conf holds the directives of one section.
type conf struct {
	enabled, extended, meta, interp, strip, lower, slash, reset bool

	maps    []*urlMap
	links   map[string][]string // attributes by element; nil: none named here
	events  []string
	doctype string // a line; "": the page keeps its own
	out     string // ProxyHTMLCharsetOut
	assumed string // xml2EncDefault
	start   []string
}

// slot identifies a section's conf.
//
// httpd: proxy_html_merge. What is on in an outer section cannot be switched off,
// but by ProxyHTMLFixups reset, and the maps of both are in reverse order.
var slot = directive.Slot[conf]{Name: "proxy_html", Merge: func(base, add *conf) *conf {
	out := *add
	if !add.reset {
		out.enabled, out.extended = base.enabled || add.enabled, base.extended || add.extended
		out.meta, out.interp, out.strip = base.meta || add.meta, base.interp || add.interp, base.strip || add.strip
		out.lower, out.slash = base.lower || add.lower, base.slash || add.slash
	}
	out.reset = false
	switch {
	case len(add.maps) == 0:
		out.maps = base.maps
	case len(base.maps) > 0:
		out.maps = slices.Concat(base.maps, add.maps)
		slices.Reverse(out.maps)
	}
	if add.links == nil {
		out.links = base.links
	}
	if add.events == nil {
		out.events = base.events
	}
	if add.start == nil {
		out.start = base.start
	}
	out.doctype = or(add.doctype, base.doctype)
	out.out, out.assumed = or(add.out, base.out), or(add.assumed, base.assumed)
	return &out
}}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// aliases are those of xml2EncAlias, of the main server.
var aliases = directive.Slot[map[string]string]{Name: "xml2enc_aliases", New: func() *map[string]string { return &map[string]string{} }}

// New returns mod_proxy_html.
func New() *module.Module {
	evals := new(exchange.Evaluator)
	flag := func(name string, field func(*conf) *bool) directive.Row {
		return directive.Row{Name: name, Set: func(c *directive.Call) error {
			*field(slot.Of(c.Dir)) = c.On
			return nil
		}}
	}
	return &module.Module{
		Name: "mod_proxy_html", ID: "proxy_html_module",
		Rows: []directive.Row{
			flag("ProxyHTMLEnable", func(c *conf) *bool { return &c.enabled }),
			flag("ProxyHTMLExtended", func(c *conf) *bool { return &c.extended }),
			flag("ProxyHTMLMeta", func(c *conf) *bool { return &c.meta }),
			flag("ProxyHTMLInterp", func(c *conf) *bool { return &c.interp }),
			flag("ProxyHTMLStripComments", func(c *conf) *bool { return &c.strip }),
			{Name: "ProxyHTMLFixups", Set: setFixups},
			{Name: "ProxyHTMLLinks", Set: setLinks},
			{Name: "ProxyHTMLEvents", Set: func(c *directive.Call) error {
				s := slot.Of(c.Dir)
				s.events = append(s.events, c.Args...)
				return nil
			}},
			{Name: "ProxyHTMLURLMap", Set: func(c *directive.Call) error { return setMap(c, evals) }},
			{Name: "ProxyHTMLDoctype", Set: setDoctype},
			{Name: "ProxyHTMLCharsetOut", Set: setCharsetOut},
			{Name: "ProxyHTMLBufSize", Tier: directive.Noted, Note: "buffers grow and shrink by themselves", Set: setBufSize},
		},
		Dir: insert,
	}
}

// NewXML2Enc returns mod_xml2enc. Its filter is part of mod_proxy_html's here.
func NewXML2Enc() *module.Module {
	return &module.Module{
		Name: "mod_xml2enc", ID: "xml2enc_module",
		Rows: []directive.Row{
			{Name: "xml2EncDefault", Set: func(c *directive.Call) error {
				if _, ok := charset(c.Arg(0)); !ok {
					return c.Errorf("Invalid or unsupported default charset")
				}
				slot.Of(c.Dir).assumed = c.Arg(0)
				return nil
			}},
			{Name: "xml2EncAlias", Set: func(c *directive.Call) error {
				names := *aliases.Of(c.Server)
				for _, a := range c.Args[1:] {
					names[ascii.ToLower(a)] = c.Arg(0)
				}
				return nil
			}},
			{Name: "xml2StartParse", Set: func(c *directive.Call) error {
				s := slot.Of(c.Dir)
				s.start = append(s.start, c.Args...)
				return nil
			}},
		},
	}
}

// setFixups reads ProxyHTMLFixups; as in httpd other words are ignored.
func setFixups(c *directive.Call) error {
	s := slot.Of(c.Dir)
	for _, word := range c.Args {
		switch ascii.ToLower(word) {
		case "lowercase":
			s.lower = true
		case "dospath":
			s.slash = true
		case "reset":
			s.reset = true
		default:
			c.Warn("%s is no fixup: it is ignored, as in httpd", word)
		}
	}
	return nil
}

// setLinks reads ProxyHTMLLinks. Names are compared with those of the page in
// lower case.
func setLinks(c *directive.Call) error {
	s := slot.Of(c.Dir)
	if s.links == nil {
		s.links = make(map[string][]string)
	}
	for _, name := range c.Args {
		if name != ascii.ToLower(name) {
			c.Warn("%s matches nothing: names are compared in lower case", name)
		}
	}
	s.links[c.Arg(0)] = append(s.links[c.Arg(0)], c.Args[1:]...)
	return nil
}

// doctypes are the words of ProxyHTMLDocType with what they write.
var doctypes = map[string]string{
	"html":         `<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01//EN">`,
	"html legacy":  `<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 4.01 Transitional//EN">`,
	"xhtml":        `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">`,
	"xhtml legacy": `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">`,
	"html5":        `<!DOCTYPE html>`,
}

// setDoctype reads ProxyHTMLDocType: one of those, or a text.
func setDoctype(c *directive.Call) error {
	words := ascii.ToLower(c.Arg(0))
	if ascii.EqualFold(c.Arg(1), "legacy") {
		words += " legacy"
	}
	text, ok := doctypes[words]
	if !ok {
		text, ok = doctypes[strings.TrimSuffix(words, " legacy")]
	}
	if !ok {
		slot.Of(c.Dir).doctype = c.Arg(0)
		return nil
	}
	c.Note("elements that this type does not have are kept, and the page's own type is replaced")
	slot.Of(c.Dir).doctype = text + "\n"
	return nil
}

// setCharsetOut reads ProxyHTMLCharsetOut: a charset, or * for that of the page.
func setCharsetOut(c *directive.Call) error {
	if _, ok := charset(c.Arg(0)); !ok && c.Arg(0) != "*" {
		c.Warn("the charset %s is not known: pages are sent in UTF-8", c.Arg(0))
		return nil
	}
	slot.Of(c.Dir).out = c.Arg(0)
	return nil
}

func setBufSize(c *directive.Call) error {
	if _, err := strconv.Atoi(c.Arg(0)); err != nil {
		return c.Errorf("Invalid value for directive ProxyHTMLBufSize, expected integer")
	}
	return nil
}
