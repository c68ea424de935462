package mime

import (
	"path/filepath"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/module"
)

// New returns the module. AddHandler can name the handlers named,
// AddOutputFilter the filters kinds.
func New(named []module.HandlerKind, kinds module.FilterKinds) *module.Module {
	return &module.Module{
		Name: "mod_mime", ID: "mime_module", Server: loadTypes, Dir: dir,
		Rows: append(filterRows(kinds), []directive.Row{
			{Name: "TypesConfig", Set: setTypes},
			{Name: "AddType", Set: add(addType), When: whenType},
			{Name: "AddCharset", Set: add(func(e *extension, _ *directive.Call, v string) { e.charset = v })},
			{Name: "AddEncoding", Set: add(func(e *extension, _ *directive.Call, v string) { e.encoding = v })},
			{Name: "AddLanguage", Set: add(func(e *extension, _ *directive.Call, v string) { e.language = v })},
			{Name: "AddHandler", Set: add(addHandler), When: func(c *directive.Call) (directive.Tier, string) { return whenHandler(named, c) }},
			{Name: "RemoveType", Set: remove(ofType)},
			{Name: "RemoveCharset", Set: remove(ofCharset)},
			{Name: "RemoveEncoding", Set: remove(ofEncoding)},
			{Name: "RemoveLanguage", Set: remove(ofLanguage)},
			{Name: "RemoveHandler", Set: remove(ofHandler)},
			{Name: "RemoveOutputFilter", Set: remove(ofOutput)},
			{Name: "RemoveInputFilter", Set: remove(ofInput)},
			{Name: "DefaultLanguage", Set: func(c *directive.Call) error { slot.Of(c.Dir).language.To(c.Arg(0)); return nil }},
			{Name: "MultiviewsMatch", Set: setMatch, Words: []string{"Any", "NegotiatedOnly", "Filters", "Handlers"}},
			{Name: "ModMimeUsePathInfo", Set: func(c *directive.Call) error { slot.Of(c.Dir).pathInfo.To(c.On); return nil }},
		}...),
	}
}

// of returns the configuration that a directive writes to.
func of(c *directive.Call) *conf {
	d := slot.Of(c.Dir)
	if c.Scope.Kind == directive.KindMain {
		d.main = true
	}
	return d
}

// setTypes: httpd looks at the main server only.
func setTypes(c *directive.Call) error {
	if c.Scope.Kind != directive.KindMain {
		c.Warn("only the main server's counts, as in httpd")
	}
	s := serverSlot.Of(c.Server)
	s.file, s.pos = filepath.Clean(c.Path(c.Arg(0))), c.Pos()
	return nil
}

// add makes a setter for a part of extensions. httpd: the value is in lower case,
// and an extension may have its dot.
func add(set func(e *extension, c *directive.Call, value string)) func(*directive.Call) error {
	return func(c *directive.Call) error {
		d, value := of(c), ascii.ToLower(c.Arg(0))
		if d.byName == nil {
			d.byName = make(map[string]extension)
		}
		for _, name := range c.Args[1:] {
			name = ascii.ToLower(strings.TrimPrefix(name, "."))
			e := d.byName[name]
			set(&e, c, value)
			d.byName[name] = e
		}
		return nil
	}
}

func addType(e *extension, c *directive.Call, value string) {
	if e.kind = newKind(value); e.kind.broken {
		c.Warn("%s is no content type: it is sent as it is", c.Arg(0))
	}
}

// sourceNote is what happens to files whose type or handler asks for a program.
const sourceNote = "programs are not run: requests there get 404, never the program's source"

func whenType(c *directive.Call) (directive.Tier, string) {
	if base, _, ok := analyze(ascii.ToLower(c.Arg(0))); ok && programType(base) != "" && base != "application/x-type-map" && base != "httpd/send-as-is" {
		return directive.Noted, sourceNote
	}
	return directive.Honoured, ""
}

func addHandler(e *extension, c *directive.Call, value string) {
	e.handler = value
	e.mapping = &exchange.Mapping{Rule: "AddHandler " + c.Raw, Place: c.Pos().String()}
}

// whenHandler: stock configurations have cgi-script for files that need not be
// there.
func whenHandler(named []module.HandlerKind, c *directive.Call) (directive.Tier, string) {
	if ascii.EqualFold(c.Arg(0), "cgi-script") {
		return directive.Noted, sourceNote
	}
	return module.JudgeHandler(named, c)
}

// remove makes a setter that takes a part of extensions away.
func remove(part field) func(*directive.Call) error {
	return func(c *directive.Call) error {
		d := of(c)
		for _, name := range c.Args {
			d.removed = append(d.removed, removal{ascii.ToLower(strings.TrimPrefix(name, ".")), part})
		}
		if d.main {
			c.Warn("outside of sections it has no effect in the main server, as in httpd")
		}
		return nil
	}
}

// matches are the words of MultiviewsMatch, and what each goes together with.
var matches = []struct {
	word      string
	is, with  match
	complaint string
}{
	{"any", matchAny, matchAny, "Any is incompatible with NegotiatedOnly, Filters and Handlers"},
	{"negotiatedonly", matchNegotiated, matchNegotiated, "NegotiatedOnly is incompatible with Any, Filters and Handlers"},
	{"filters", matchFilters, matchFilters | matchHandlers, "Filters is incompatible with Any and NegotiatedOnly"},
	{"handlers", matchHandlers, matchFilters | matchHandlers, "Handlers is incompatible with Any and NegotiatedOnly"},
}

func setMatch(c *directive.Call) error {
	d := of(c)
	for _, word := range c.Args {
		known := false
		for _, m := range matches {
			if !ascii.EqualFold(word, m.word) {
				continue
			}
			if d.match&^m.with != 0 {
				return c.Errorf("%s", m.complaint)
			}
			d.match |= m.is
			known = true
		}
		if !known {
			return c.Errorf("Unrecognized option '%s'", word)
		}
	}
	return nil
}
