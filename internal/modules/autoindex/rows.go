package autoindex

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/glob"
	"github.com/headgate/headgate/internal/module"
)

// New returns the module.
func New() *module.Module {
	text := func(field func(*conf) *string) func(*directive.Call) error {
		return func(c *directive.Call) error { *field(slot.Of(c.Dir)) = c.Arg(0); return nil }
	}
	return &module.Module{
		Name: "mod_autoindex", ID: "autoindex_module", Dir: dir,
		Rows: []directive.Row{
			{Name: "IndexOptions", Set: setOptions, Words: optionNames()},
			{Name: "IndexOrderDefault", Set: setOrder},
			{Name: "AddIcon", Set: icons(byPath)},
			{Name: "AddIconByType", Set: icons(byType)},
			{Name: "AddIconByEncoding", Set: icons(byEncoding)},
			{Name: "AddAlt", Set: alts(byPath)},
			{Name: "AddAltByType", Set: alts(byType)},
			{Name: "AddAltByEncoding", Set: alts(byEncoding)},
			{Name: "AddDescription", Set: addDescription},
			{Name: "DefaultIcon", Set: text(func(d *conf) *string { return &d.defaultIcon })},
			{Name: "IndexStyleSheet", Set: text(func(d *conf) *string { return &d.style })},
			{Name: "IndexHeadInsert", Set: text(func(d *conf) *string { return &d.headInsert })},
			{Name: "IndexIgnore", Set: list(func(d *conf) *[]item { return &d.ignored }, func(w string) item { return newItem(byPath, w, "") })},
			{Name: "IndexIgnoreReset", Set: func(c *directive.Call) error { slot.Of(c.Dir).onlyOwn = c.On; return nil }},
			{Name: "HeaderName", Set: list(func(d *conf) *[]item { return &d.headers }, func(w string) item { return item{data: w} })},
			{Name: "ReadmeName", Set: list(func(d *conf) *[]item { return &d.readmes }, func(w string) item { return item{data: w} })},
		},
	}
}

// pathOf is the pattern of files below the section of a directive: the argument
// of any kind of section counts, as in httpd.
func pathOf(c *directive.Call) string {
	s := c.Scope.Section()
	if s.Kind.Server() || len(s.Words) == 0 {
		return "*"
	}
	name := s.Words[0]
	if s.Kind == directive.KindDirectory && !strings.HasSuffix(name, "/") {
		name += "/"
	}
	return name + "*"
}

// newItem makes an item. A pattern of names without wildcards matches at their
// ends.
func newItem(kind itemKind, to, data string) item {
	if kind == byPath && !strings.ContainsAny(to, "*?") {
		to = "*" + to
	}
	return item{kind: kind, to: to, data: data}
}

// list makes a setter that makes an item of each word.
func list(field func(*conf) *[]item, make func(word string) item) func(*directive.Call) error {
	return func(c *directive.Call) error {
		at := field(slot.Of(c.Dir))
		for _, w := range c.Args {
			i := make(w)
			i.path = pathOf(c)
			*at = append(*at, i)
		}
		return nil
	}
}

// patternOf is the pattern that a word of AddIcon or AddAlt means.
func patternOf(kind itemKind, word string) string {
	switch {
	case kind == byPath && word == "**DIRECTORY**":
		return "^^DIRECTORY^^"
	case kind == byEncoding:
		return ascii.ToLower(word)
	}
	return word
}

func alts(kind itemKind) func(*directive.Call) error {
	return func(c *directive.Call) error {
		d := slot.Of(c.Dir)
		for _, to := range c.Args[1:] {
			i := newItem(kind, patternOf(kind, to), c.Arg(0))
			i.path = pathOf(c)
			d.alts = append(d.alts, i)
		}
		return nil
	}
}

// icons makes the setter of an AddIcon directive, whose icon may have its text:
// (TXT,/icons/text.gif).
func icons(kind itemKind) func(*directive.Call) error {
	return func(c *directive.Call) error {
		d := slot.Of(c.Dir)
		icon, alt, pair := c.Arg(0), "", strings.HasPrefix(c.Arg(0), "(")
		if pair {
			end := strings.IndexByte(icon, ')')
			if end < 0 {
				return c.Errorf("missing closing paren")
			}
			alt, icon, _ = strings.Cut(icon[1:end], ",")
		}
		for _, to := range c.Args[1:] {
			i := newItem(kind, patternOf(kind, to), icon)
			i.path = pathOf(c)
			d.icons = append(d.icons, i)
			if pair {
				i.data = alt
				d.alts = append(d.alts, i)
			}
		}
		return nil
	}
}

func addDescription(c *directive.Call) error {
	d := slot.Of(c.Dir)
	for _, to := range c.Args[1:] {
		e := description{pattern: to, text: c.Arg(0), fullPath: strings.Contains(to, "/")}
		if e.wild = e.fullPath || glob.HasWildcards(to); e.wild {
			if e.fullPath {
				e.pattern = "*/" + to + "*"
			} else {
				e.pattern = "*" + to + "*"
			}
		}
		d.descriptions = append(d.descriptions, e)
	}
	return nil
}

func setOrder(c *directive.Call) error {
	d := slot.Of(c.Dir)
	switch {
	case ascii.EqualFold(c.Arg(0), "Ascending"):
		d.direction = 'A'
	case ascii.EqualFold(c.Arg(0), "Descending"):
		d.direction = 'D'
	default:
		return c.Errorf("First keyword must be 'Ascending' or 'Descending'")
	}
	switch {
	case ascii.EqualFold(c.Arg(1), "Name"):
		d.key = 'N'
	case ascii.EqualFold(c.Arg(1), "Date"):
		d.key = 'M'
	case ascii.EqualFold(c.Arg(1), "Size"):
		d.key = 'S'
	case ascii.EqualFold(c.Arg(1), "Description"):
		d.key = 'D'
	default:
		return c.Errorf("Second keyword must be 'Name', 'Date', 'Size', or 'Description'")
	}
	return nil
}
