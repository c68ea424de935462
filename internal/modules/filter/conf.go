package filter

import (
	"maps"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
)

// conf holds the directives of one section.
type conf struct {
	filters map[string]*smart
	chain   []link
}

// smart is a filter that chooses among providers.
type smart struct {
	rank      module.FilterRank
	ranked    bool       // its rank is known
	providers []provider // the one that was named last comes first, as in httpd
	flags     protocol
}

// provider is a filter and the responses that it is for.
type provider struct {
	kind  module.FilterKind
	cond  *expr.Bool // nil: types decide
	types []string
	flags protocol
}

// link is a place in the chain.
type link struct {
	name  string
	reset bool // what came before it is dropped
	pos   syntax.Pos
}

// protocol is what FilterProtocol says of a filter.
type protocol struct {
	change    bool // the body is another one
	length    bool // of another length
	noRanges  bool
	noProxy   bool // it is not for proxied responses
	transform bool // it is not for those that must not be transformed
	noCache   bool
}

var slot = directive.Slot[conf]{Name: "filter", New: newConf, Merge: merge}

func newConf() *conf { return &conf{filters: map[string]*smart{}} }

// merge: a filter of the inner section replaces one of the same name, the chains are
// joined.
func merge(base, add *conf) *conf {
	out := newConf()
	maps.Copy(out.filters, base.filters)
	maps.Copy(out.filters, add.filters)
	out.chain = slices.Concat(base.chain, add.chain)
	return out
}

// links returns the chain after its last reset.
func (c *conf) links() []link {
	from := 0
	for i, l := range c.chain {
		if l.reset {
			from = i + 1
		}
	}
	return c.chain[from:]
}

// of returns the filter with a name, which it declares if it is not.
func (c *conf) of(name string) *smart {
	f := c.filters[name]
	if f == nil {
		f = &smart{}
		c.filters[name] = f
	}
	return f
}

// add adds a provider. A filter that was not declared has the rank of its first.
func (f *smart) add(p provider) {
	if !f.ranked {
		f.rank, f.ranked = p.kind.Rank, true
	}
	f.providers = slices.Insert(f.providers, 0, p)
}

// ranks are the words of FilterDeclare; others mean RESOURCE.
var ranks = map[string]module.FilterRank{
	"CONTENT_SET": module.RankContentSet, "PROTOCOL": module.RankProtocol, "TRANSCODE": module.RankResource,
	"CONNECTION": module.RankConnection, "NETWORK": module.RankConnection + 10,
}

func declare(c *directive.Call) error {
	f := &smart{rank: module.RankResource, ranked: true}
	if len(c.Args) > 1 {
		if r, ok := ranks[strings.ToUpper(c.Arg(1))]; ok {
			f.rank = r
		}
	}
	slot.Of(c.Dir).filters[c.Arg(0)] = f
	return nil
}

func (m *rules) provide(c *directive.Call) error {
	kind, ok := m.kinds.Output(c.Arg(1))
	if !ok {
		return c.Errorf("Unknown filter provider %s", c.Arg(1))
	}
	cond, err := expr.ParseBool(c.Arg(2), expr.Options{})
	if err != nil {
		return c.Errorf("Error parsing FilterProvider expression:%w", err)
	}
	slot.Of(c.Dir).of(c.Arg(0)).add(provider{kind: kind, cond: cond})
	return nil
}

// byType is AddOutputFilterByType: a filter for each name, in the chain once.
func (m *rules) byType(c *directive.Call) error {
	if len(c.Args) < 2 {
		return c.Errorf("AddOutputFilterByType requires at least two arguments")
	}
	conf := slot.Of(c.Dir)
	for _, kind := range m.kinds.Outputs(c.Arg(0)) {
		name := "BYTYPE:" + kind.Name
		_, seen := conf.filters[name]
		conf.of(name).add(provider{kind: kind, types: slices.Clone(c.Args[1:])})
		if !seen {
			conf.chain = append(conf.chain, link{name: name, pos: c.Pos()})
		}
	}
	return nil
}

func chain(c *directive.Call) error {
	conf := slot.Of(c.Dir)
	for _, w := range c.Args {
		name := strings.TrimLeft(w[:min(1, len(w))], "+-=!@") + w[min(1, len(w)):]
		l := link{name: name, pos: c.Pos()}
		switch w[:min(1, len(w))] {
		case "@":
			conf.chain = slices.Insert(conf.chain, 0, l)
		case "-":
			conf.chain = without(conf.chain, name)
		case "!":
			conf.chain = []link{{reset: true}}
		case "=":
			conf.chain = []link{{reset: true}, l}
		default:
			conf.chain = append(conf.chain, l)
		}
	}
	return nil
}

// without removes a filter from the chain of this section (httpd: only the first
// link, if that is it).
func without(list []link, name string) []link {
	is := func(l link) bool { return !l.reset && ascii.EqualFold(l.name, name) }
	if len(list) > 0 && is(list[0]) {
		return list[1:]
	}
	return slices.DeleteFunc(list, is)
}

func protocolOf(c *directive.Call) error {
	f := slot.Of(c.Dir).filters[c.Arg(0)]
	if f == nil {
		return c.Errorf("FilterProtocol: No such filter")
	}
	flags, words := &f.flags, c.Arg(1)
	if len(c.Args) > 2 {
		i := slices.IndexFunc(f.providers, func(p provider) bool { return ascii.EqualFold(p.kind.Name, c.Arg(1)) })
		if i < 0 {
			return c.Errorf("FilterProtocol: No such provider for this filter")
		}
		flags, words = &f.providers[i].flags, c.Arg(2)
	}
	*flags = protocol{}
	for _, w := range strings.FieldsFunc(words, func(r rune) bool { return strings.ContainsRune(";, \t", r) }) {
		switch ascii.ToLower(w) {
		case "change=yes":
			flags.change, flags.length = true, true
		case "change=no":
			flags.change, flags.length = false, false
		case "change=1:1":
			flags.change = true
		case "byteranges=no":
			flags.noRanges = true
		case "proxy=no":
			flags.noProxy = true
		case "proxy=transform":
			flags.transform = true
		case "cache=no":
			flags.noCache = true
		}
	}
	return nil
}
