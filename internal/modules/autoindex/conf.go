package autoindex

import (
	"slices"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
)

// options are the IndexOptions without a value.
type options uint32

const (
	none options = 1 << iota
	iconsAreLinks
	scanTitles
	noIcon
	noModified
	noSize
	noDescription
	noPreamble
	noSorting
	noRules
	foldersFirst
	versionSort
	trackModified
	fancy
	table
	ignoreClient
	ignoreCase
	xhtml
	showForbidden
	altClass
	oldDates
)

// item goes with the entries that it names. httpd: struct item.
type item struct {
	kind itemKind
	path string // pattern of the files in whose folder it was said
	to   string // pattern of names, types or encodings; "": all
	data string
}

type itemKind uint8

const (
	byPath itemKind = iota
	byType
	byEncoding
)

// description is an AddDescription.
type description struct {
	pattern  string
	wild     bool // it has wildcards; else it is a part of the name
	fullPath bool // it is of the whole file name
	text     string
}

// width is NameWidth or DescriptionWidth.
type width struct {
	n      int
	adjust bool // as wide as the widest
}

// conf is what a section says. httpd: autoindex_config_rec.
type conf struct {
	opts, plus, minus options

	icons, alts, ignored, headers, readmes []item
	descriptions                           []description
	onlyOwn                                bool // IndexIgnoreReset

	name, description     module.Opt[width]
	iconWidth, iconHeight int
	key, direction        byte // IndexOrderDefault; 0: not set
	defaultIcon, style    string
	headInsert            string
	contentType, charset  string
}

var slot = directive.Slot[conf]{Name: "autoindex", Merge: merge}

// merge is httpd's merge_autoindex_configs. Options without a sign replace all of
// outer sections.
func merge(base, add *conf) *conf {
	out := &conf{
		icons: slices.Concat(add.icons, base.icons), alts: slices.Concat(add.alts, base.alts),
		headers: slices.Concat(add.headers, base.headers), readmes: slices.Concat(add.readmes, base.readmes),
		descriptions: slices.Concat(add.descriptions, base.descriptions),
		ignored:      slices.Concat(add.ignored, base.ignored),
		name:         module.Over(base.name, add.name),
		description:  module.Over(base.description, add.description),
		iconWidth:    first(add.iconWidth, base.iconWidth), iconHeight: first(add.iconHeight, base.iconHeight),
		key: first(add.key, base.key), direction: first(add.direction, base.direction),
		defaultIcon: first(add.defaultIcon, base.defaultIcon), style: first(add.style, base.style),
		headInsert: first(add.headInsert, base.headInsert), contentType: first(add.contentType, base.contentType),
		charset: first(add.charset, base.charset),
	}
	if add.onlyOwn {
		out.ignored = add.ignored
	}
	switch {
	case add.opts&none != 0:
		out.opts = none
		return out
	case add.opts == 0:
		out.plus = (base.plus | add.plus) &^ add.minus
		out.minus = base.minus | add.minus
		out.opts = base.opts &^ none
	default:
		out.opts = add.opts
	}
	out.opts = (out.opts | out.plus) &^ out.minus
	return out
}

func first[T comparable](a, b T) T {
	var zero T
	if a != zero {
		return a
	}
	return b
}

// effective are the options of a configuration that may not be merged with any.
func (c *conf) effective() options {
	if c.opts&none != 0 {
		return none
	}
	return (c.opts | c.plus) &^ c.minus
}
