package mime

import (
	"maps"
	"slices"
	"sync/atomic"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
)

// serverConf is TypesConfig, of which the main server's counts.
type serverConf struct {
	file string // absolute; "": none is named
	pos  syntax.Pos
}

var serverSlot = directive.Slot[serverConf]{Name: "mime server"}

// extension is what one extension says.
type extension struct {
	kind     *kind
	charset  string
	encoding string
	language string
	handler  string
	mapping  *exchange.Mapping // of the AddHandler
	output   []module.FilterKind
	input    []module.FilterKind
}

// field is a part of an extension, which a Remove directive takes away.
type field uint8

const (
	ofType field = iota
	ofCharset
	ofEncoding
	ofLanguage
	ofHandler
	ofOutput
	ofInput
)

// without returns e without a part.
func (e extension) without(f field) extension {
	switch f {
	case ofType:
		e.kind = nil
	case ofCharset:
		e.charset = ""
	case ofEncoding:
		e.encoding = ""
	case ofLanguage:
		e.language = ""
	case ofHandler:
		e.handler, e.mapping = "", nil
	case ofOutput:
		e.output = nil
	case ofInput:
		e.input = nil
	}
	return e
}

// over returns what e and an outer section's base say together.
func (e extension) over(base extension) extension {
	out := base
	if e.kind != nil {
		out.kind = e.kind
	}
	if e.charset != "" {
		out.charset = e.charset
	}
	if e.encoding != "" {
		out.encoding = e.encoding
	}
	if e.language != "" {
		out.language = e.language
	}
	if e.handler != "" {
		out.handler, out.mapping = e.handler, e.mapping
	}
	if e.output != nil {
		out.output = e.output
	}
	if e.input != nil {
		out.input = e.input
	}
	return out
}

// match is MultiviewsMatch.
type match uint8

const (
	matchAny match = 1 << iota
	matchNegotiated
	matchHandlers
	matchFilters
)

// removal is an extension of a Remove directive.
type removal struct {
	name string
	part field
}

// conf is what a section says.
type conf struct {
	byName   map[string]extension
	removed  []removal
	main     bool // it is what the main server says outside of sections
	language module.Opt[string]
	match    match // 0: not set
	pathInfo module.Opt[bool]
	made     *made
}

// made holds the step for a configuration, which many sections may share.
type made = atomic.Pointer[finder]

var slot = directive.Slot[conf]{Name: "mime", Merge: merge, New: func() *conf { return &conf{made: new(made)} }}

// merge is httpd's merge_mime_dir_configs. What a section removes it has not, even
// if it adds that itself.
func merge(base, add *conf) *conf {
	base, add = base.settled(), add.settled()
	out := &conf{
		byName:   make(map[string]extension, len(base.byName)+len(add.byName)),
		language: module.Over(base.language, add.language),
		match:    base.match,
		pathInfo: module.Over(base.pathInfo, add.pathInfo),
		made:     new(made),
	}
	if add.match != 0 {
		out.match = add.match
	}
	maps.Copy(out.byName, base.byName)
	for name, e := range add.byName {
		out.byName[name] = e.over(base.byName[name])
	}
	out.remove(add.removed)
	out.keepRemoved(base, add)
	return out
}

// keepRemoved keeps the types that base and add remove, for the outer sections that
// both are merged with later. httpd: what else they remove is forgotten then.
func (c *conf) keepRemoved(base, add *conf) {
	if base.main {
		return
	}
	for _, r := range slices.Concat(base.removed, add.removed) {
		if e, again := c.byName[r.name]; r.part == ofType && (!again || e.kind == nil) {
			c.removed = append(c.removed, r)
		}
	}
}

// settled returns c with what it removes taken from what it adds. httpd: not in
// the main server, whose configuration is merged with no other.
func (c *conf) settled() *conf {
	if c.main || len(c.removed) == 0 {
		return c
	}
	out := *c
	out.made = new(made)
	out.byName = maps.Clone(c.byName)
	out.remove(c.removed)
	return &out
}

func (c *conf) remove(list []removal) {
	for _, r := range list {
		if e, ok := c.byName[r.name]; ok {
			c.byName[r.name] = e.without(r.part)
		}
	}
}
