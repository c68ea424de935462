package rewrite

import (
	"maps"
	"slices"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

// options is the value of RewriteOptions.
type options uint16

const (
	inherit options = 1 << iota
	inheritBefore
	inheritDown
	inheritDownBefore
	ignoreInherit
	allowNoSlash
	allowAnyURI
	mergeBase
	ignoreContextInfo
	legacyPrefixDocRoot
	unsafePrefixStat
)

func (o options) has(bit options) bool { return o&bit != 0 }

// optionNames are the words of RewriteOptions, in lower case.
var optionNames = map[string]options{
	"inherit": inherit, "inheritbefore": inheritBefore, "inheritdown": inheritDown, "inheritdownbefore": inheritDownBefore,
	"ignoreinherit": ignoreInherit, "allownoslash": allowNoSlash, "allowanyuri": allowAnyURI, "mergebase": mergeBase,
	"ignorecontextinfo": ignoreContextInfo, "legacyprefixdocroot": legacyPrefixDocRoot,
	"unsafeprefixstat": unsafePrefixStat,
}

// common holds the directives that servers and sections both have.
type common struct {
	engine  module.Opt[bool]
	options module.Opt[options]
	rules   []*rule
	pending []*cond // conditions whose rule has not been read yet
}

// merge merges add, the inner configuration, over base.
func merge(base, add *common) common {
	c := common{engine: module.Over(base.engine, add.engine), options: module.Over(base.options, add.options)}
	c.rules, c.pending = add.rules, add.pending
	if before, ok := inherits(base.options.V, c.options.V); ok && before {
		c.rules, c.pending = slices.Concat(base.rules, add.rules), slices.Concat(base.pending, add.pending)
	} else if ok {
		c.rules, c.pending = slices.Concat(add.rules, base.rules), slices.Concat(add.pending, base.pending)
	}
	return c
}

// inherits reports whether the outer rules apply too, and whether they come before
// the inner ones. httpd: config_server_merge.
func inherits(base, own options) (before, ok bool) {
	down := !own.has(ignoreInherit)
	switch {
	case own.has(inherit), base.has(inheritDown) && down:
		return false, true
	case own.has(inheritBefore), base.has(inheritDownBefore) && down:
		return true, true
	}
	return false, false
}

// serverConf holds the directives of a server.
type serverConf struct {
	common
	maps map[string]mapping
}

var serverSlot = directive.Slot[serverConf]{Name: "rewrite server", Merge: func(base, add *serverConf) *serverConf {
	out := &serverConf{common: merge(&base.common, &add.common), maps: add.maps}
	if before, ok := inherits(base.options.V, out.options.V); ok {
		first, second := base.maps, add.maps
		if before { // httpd: then the outer server's maps win
			first, second = add.maps, base.maps
		}
		out.maps = maps.Clone(first)
		if out.maps == nil {
			out.maps = make(map[string]mapping)
		}
		maps.Copy(out.maps, second)
	}
	return out
}}

// dirConf holds the directives of a section. A server has one too, because its
// sections inherit RewriteEngine and RewriteOptions.
type dirConf struct {
	common
	dir  string // "" outside of sections
	base module.Opt[string]
}

var dirSlot = directive.Slot[dirConf]{Name: "rewrite dir", Merge: func(base, add *dirConf) *dirConf {
	out := &dirConf{common: merge(&base.common, &add.common), dir: add.dir, base: add.base}
	if out.options.V.has(mergeBase) {
		out.base = module.Over(base.base, add.base)
	}
	return out
}}

// typesSlot is true in a server if any of its rules, also in sections, has a T
// flag.
var typesSlot = directive.Slot[bool]{Name: "rewrite types", Merge: func(base, add *bool) *bool {
	v := *base || *add
	return &v
}}
