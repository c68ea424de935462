package logdebug

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
)

const name = "log_debug"

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_log_debug", ID: "log_debug_module", Server: server, Dir: dir,
		Rows: []directive.Row{{Name: "LogMessage", Set: set}},
	}
}

// message is one LogMessage.
type message struct {
	text  *expr.String
	when  *expr.Bool // nil: always
	hook  string     // "all": each
	place string     // "file:line" of the directive
}

// conf is the configuration of a section, httpd's log_debug_dirconf: messages of
// outer sections come first.
type conf struct{ messages []*message }

var slot = directive.Slot[conf]{Name: name, Merge: func(base, add *conf) *conf {
	return &conf{append(append([]*message(nil), base.messages...), add.messages...)}
}}

// uses says which hooks of a server have messages anywhere.
type uses struct{ early, logged bool }

var usesSlot = directive.Slot[uses]{Name: name + " hooks", Merge: func(base, add *uses) *uses {
	return &uses{base.early || add.early, base.logged || add.logged}
}}

// hooks are httpd's names in the order in which they come. httpd: of all that can be named,
// quick_handler comes before any section is known, and map_to_storage is decided before
// this module is asked.
var hooks = []string{
	"pre_translate_name", "translate_name", "check_access", "check_access_ex", "check_authn", "check_authz", "type_checker", "fixups",
	"insert_filter", "handler", "log_transaction", "map_to_storage", "quick_handler",
}

const defaultHook = "log_transaction"

func set(c *directive.Call) (err error) {
	m := &message{hook: defaultHook, place: c.Pos().String()}
	if m.text, err = expr.ParseString(c.Arg(0), expr.Options{}); err != nil {
		return c.Errorf("Could not parse message expression '%s': %w", c.Arg(0), err)
	}
	for _, arg := range c.Args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		switch {
		case ascii.EqualFold(key, "hook"):
			if m.hook, err = hookOf(c, value); err != nil {
				return err
			}
		case ascii.EqualFold(key, "expr"):
			if m.when, err = expr.ParseBool(value, expr.Options{}); err != nil {
				return c.Errorf("Could not parse expression '%s': %w", value, err)
			}
		default:
			return c.Errorf("Invalid argument '%s'", arg)
		}
	}
	s := slot.Of(c.Dir)
	s.messages = append(s.messages, m)
	u := usesSlot.Of(c.Server)
	u.early = u.early || m.at("pre_translate_name")
	u.logged = u.logged || m.at("log_transaction")
	return nil
}

func hookOf(c *directive.Call, word string) (string, error) {
	if ascii.EqualFold(word, "all") {
		return "all", nil
	}
	for _, h := range hooks {
		if ascii.EqualFold(word, h) {
			if h == "quick_handler" || h == "map_to_storage" {
				c.Note("httpd never comes to the hook %s with the configuration of a section", h)
			}
			return h, nil
		}
	}
	return "", c.Errorf("Invalid hook name: %s", word)
}

// at reports whether the message belongs to a hook.
func (m *message) at(hook string) bool { return m.hook == "all" || m.hook == hook }

// server has the site's requests run the messages of log_transaction.
func server(_ *module.Builder, s *module.Server) error {
	u, ok := usesSlot.Peek(s.Conf)
	if !ok {
		return nil
	}
	s.Site.PreTranslate = s.Site.PreTranslate || u.early
	if u.logged {
		s.Site.AccessLogs = append([]exchange.AccessLog{logging{}}, s.Site.AccessLogs...)
	}
	return nil
}

// logging calls the steps of the request's chain when it is logged.
type logging struct{}

// Log implements exchange.AccessLog.
func (logging) Log(x *exchange.Exchange) {
	if x.Chain == nil {
		return
	}
	for _, s := range x.Chain.Logged {
		_ = s.Do(x) // it reports what fails
	}
}

// Hold implements exchange.AccessLog.
func (l logging) Hold(x *exchange.Exchange) exchange.HeldLine {
	l.Log(x)
	return nil
}

// dir adds the messages of a combination of sections to the steps of its requests.
func dir(_ *module.Builder, d *module.Dir) error {
	c, ok := slot.Peek(d.Conf)
	if !ok || len(c.messages) == 0 {
		return nil
	}
	evals, ch := new(exchange.Evaluator), d.Chain
	at := func(hook string) (list []exchange.Step) {
		for _, m := range c.messages {
			if m.at(hook) {
				list = append(list, &step{m, hook, evals})
			}
		}
		return list
	}
	first := func(list *[]exchange.Step, names ...string) {
		var add []exchange.Step
		for _, h := range names {
			add = append(add, at(h)...)
		}
		*list = append(add, *list...)
	}
	ch.PreTranslate = append(translators(at("pre_translate_name")), ch.PreTranslate...)
	ch.Translate = append(ch.Translate, translators(at("translate_name"))...)
	first(&ch.Access, "check_access", "check_access_ex")
	first(&ch.Login, "check_authn", "check_authz") // both come only where a user is wanted
	first(&ch.Fixups, "type_checker", "fixups")
	ch.Late = append(ch.Late, at("insert_filter")...)
	if list := at("handler"); list != nil {
		ch.Handlers = append([]exchange.Handler{handler(list)}, ch.Handlers...)
	}
	ch.Logged = at("log_transaction")
	return nil
}

// step writes one message.
type step struct {
	*message
	hook  string
	evals *exchange.Evaluator
}

// Do implements exchange.Step.
func (s *step) Do(x *exchange.Exchange) error {
	if !x.Logs(logsink.Info, name) {
		return nil
	}
	if s.when != nil {
		ok, err := s.evals.Bool(s.when, x)
		if err != nil {
			x.Logf(logsink.Error, name, "AH00640", "Can't evaluate condition: %v", err)
		}
		if !ok {
			return nil
		}
	}
	text, err := s.evals.String(s.text, x)
	if err != nil {
		x.Logf(logsink.Error, name, "AH00641", "Can't evaluate message expression: %v", err)
		return nil
	}
	if x.Logs(logsink.Debug, name) {
		x.Logf(logsink.Info, name, "", "%s (%s hook, %s)", text, s.hook, s.place)
	} else {
		x.Logf(logsink.Info, name, "", "%s", text)
	}
	return nil
}

// handler is the steps of the hook of that name, which comes for requests that are
// not mapped to a backend.
type handler []exchange.Step

// Handle implements exchange.Handler.
func (h handler) Handle(x *exchange.Exchange) error {
	for _, s := range h {
		if err := s.Do(x); err != nil {
			return err
		}
	}
	return exchange.ErrDeclined
}

// translators makes translators of steps, which never decide.
func translators(steps []exchange.Step) (list []exchange.Translator) {
	for _, s := range steps {
		list = append(list, translator{s})
	}
	return list
}

type translator struct{ exchange.Step }

// Translate implements exchange.Translator.
func (t translator) Translate(x *exchange.Exchange) (exchange.Handler, error) {
	if err := t.Do(x); err != nil {
		return nil, err
	}
	return nil, exchange.ErrDeclined
}
