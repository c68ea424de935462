package headers

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/rx"
	"github.com/headgate/headgate/internal/syntax"
)

// conf holds the directives of one section: a list of edits for each table.
type conf struct {
	request, always, response []*entry
}

// slot identifies a section's conf. The edits of outer sections come first, and
// inner ones are added to them (httpd: merge_headers_config).
var slot = directive.Slot[conf]{Name: "headers", Merge: func(base, add *conf) *conf {
	return &conf{
		request:  slices.Concat(base.request, add.request),
		always:   slices.Concat(base.always, add.always),
		response: slices.Concat(base.response, add.response),
	}
}}

// action is the first word of a directive: how a field is edited.
type action uint8

const (
	actSet action = iota
	actSetIfEmpty
	actAdd
	actAppend
	actMerge
	actUnset
	actEcho
	actEdit
	actEditAll
	actNote
)

var actions = [...]string{
	actSet: "set", actSetIfEmpty: "setifempty", actAdd: "add", actAppend: "append", actMerge: "merge", actUnset: "unset",
	actEcho: "echo", actEdit: "edit", actEditAll: "edit*", actNote: "note",
}

// entry is one directive.
type entry struct {
	action action
	line   record.Line
	id     message.NameID
	early  bool
	name   []byte
	value  value
	re     *rx.Regexp // edit: of values; echo: of names

	env    string // the variable that must be set; "" for none
	notEnv bool   // env must not be set
	cond   *expr.Bool

	evals *exchange.Evaluator
}

// New returns the module.
func New() *module.Module {
	p := &parser{evals: new(exchange.Evaluator)}
	return &module.Module{
		Name: "mod_headers", ID: "headers_module",
		Rows: []directive.Row{
			{Name: "Header", Set: p.header, Words: append([]string{"always", "onsuccess"}, actions[:]...)},
			{Name: "RequestHeader", Set: p.requestHeader, Words: actions[:]},
		},
		Server: server, Dir: dir,
	}
}

// parser reads directives into entries, which share its evaluator.
type parser struct{ evals *exchange.Evaluator }

func (p *parser) header(c *directive.Call) error {
	list := &slot.Of(c.Dir).response
	rest := c.Raw
	switch word, after := syntax.Word(rest); {
	case ascii.EqualFold(word, "always"):
		list, rest = &slot.Of(c.Dir).always, after
	case ascii.EqualFold(word, "onsuccess"):
		rest = after
	}
	return p.add(c, list, rest, true)
}

func (p *parser) requestHeader(c *directive.Call) error {
	return p.add(c, &slot.Of(c.Dir).request, c.Raw, false)
}

// add reads "action name [value [replacement]] [condition]".
func (p *parser) add(c *directive.Call, list *[]*entry, args string, response bool) error {
	words := syntax.Words(args)
	if len(words) > 5 {
		return c.Errorf("%s has too many arguments", c.Row.Name)
	}
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	act := slices.IndexFunc(actions[:], func(s string) bool { return ascii.EqualFold(s, word(0)) })
	if act < 0 {
		return c.Errorf("first argument must be 'add', 'set', 'setifempty', 'append', 'merge', 'unset', 'echo', 'note', " +
			"'edit', or 'edit*'.")
	}
	e := &entry{action: action(act), line: c.Line(), evals: p.evals}
	if e.action == actNote && !response {
		return c.Errorf("RequestHeader does not support the 'note' action")
	}
	given := words[min(2, len(words)):]
	text, condition, err := e.arguments(c, given)
	if err != nil {
		return err
	}
	if err := e.setName(c, word(1), response); err != nil {
		return err
	}
	if err := e.setCondition(c, condition); err != nil {
		return err
	}
	if e.action != actUnset && e.action != actEcho {
		if e.value, err = parseValue(c, text, p.evals); err != nil {
			return err
		}
	}
	e.remark(c, response)
	*list = append(*list, e)
	return nil
}

// arguments splits the words after the name into a value and a condition; nil
// means no condition. How many words are allowed depends on the action (httpd:
// header_inout_cmd).
func (e *entry) arguments(c *directive.Call, words []string) (text string, condition *string, err error) {
	at := func(i int) *string {
		if i < len(words) {
			return &words[i]
		}
		return nil
	}
	switch e.action {
	case actEdit, actEditAll:
		if len(words) < 2 {
			return "", nil, c.Errorf("Header edit requires a match and a substitution")
		}
		if e.re, err = compile(c, words[0], "edit"); err != nil {
			return "", nil, err
		}
		return words[1], at(2), nil
	case actUnset:
		if len(words) > 1 {
			return "", nil, c.Errorf("header unset takes two arguments")
		}
		return "", at(0), nil
	case actEcho:
		if len(words) > 1 {
			return "", nil, c.Errorf("Header echo takes two arguments")
		}
		return "", at(0), nil
	}
	switch {
	case len(words) > 2:
		return "", nil, c.Errorf("Too many arguments to directive")
	case len(words) == 0:
		return "", nil, c.Errorf("Header requires three arguments")
	}
	return words[0], at(1), nil
}

func compile(c *directive.Call, pattern, what string) (*rx.Regexp, error) {
	re, err := rx.Compile(pattern, 0)
	if err != nil {
		return nil, c.Hinted(c.Errorf("Header %s regex could not be compiled", what), err.Error())
	}
	if re.Backtracking() {
		c.Warn("the pattern needs backtracking, which is slower and bounded: when a bound is hit it does not match")
	}
	return re, nil
}

// setName reads the name of the field, up to a colon, or the pattern of an echo.
func (e *entry) setName(c *directive.Call, name string, response bool) (err error) {
	if e.action == actEcho {
		if !response {
			return c.Errorf("Header echo only valid on Header directives")
		}
		e.re, err = compile(c, name, "echo")
		return err
	}
	name, _, _ = strings.Cut(name, ":")
	if !ascii.IsTokenString(name) {
		return c.Errorf("%q cannot be the name of a header field", name)
	}
	e.name, e.id = []byte(name), message.IDOf([]byte(name))
	return nil
}

// setCondition reads early, env=[!]VAR and expr=….
func (e *entry) setCondition(c *directive.Call, text *string) error {
	if text == nil {
		return nil
	}
	s := *text
	switch {
	case ascii.EqualFold(s, "early"):
		e.early = true
	case ascii.HasPrefixFold(s, "env="):
		name, not := strings.CutPrefix(s[len("env="):], "!")
		if name == "" {
			return c.Errorf("error: missing environment variable name. envclause should be in the form env=envar ")
		}
		e.env, e.notEnv = name, not
	case ascii.HasPrefixFold(s, "expr="):
		cond, err := expr.ParseBool(s[len("expr="):], expr.Options{Restricted: c.Scope.Untrusted()})
		if err != nil {
			return c.Errorf("Can't parse envclause/expression: %w", err)
		}
		e.cond = cond
	default:
		return c.Errorf("Unknown parameter: %s", s)
	}
	return nil
}

// framing are the fields that say where a message ends. The proxy makes them for
// each connection, so an edit must not falsify them.
var framing = message.SetOf(message.ContentLength, message.TransferEncoding, message.Trailer, message.TE)

// hops are the hop-by-hop fields, which are not forwarded unchanged.
var hops = framing | message.SetOf(message.Connection, message.KeepAlive, message.ProxyConnection, message.Upgrade)

// remark reports edits that have no effect.
func (e *entry) remark(c *directive.Call, response bool) {
	if e.early && !c.Scope.Section().Kind.Server() {
		c.Warn("early edits are made before sections apply: in %s they have no effect", c.Scope.Section())
	}
	in := message.SetOf(e.id) & hops
	switch {
	case e.id == message.Other || in == 0 || e.action == actNote:
	case in&framing == 0 && response && e.id == message.Connection:
	case in&framing != 0 && (e.action != actUnset || !response):
		c.Note("%s is made for each connection: the edit does not change what is sent", e.name)
	}
}
