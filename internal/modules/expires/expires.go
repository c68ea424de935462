// Package expires is mod_expires: ExpiresActive, ExpiresDefault, ExpiresByType.
//
// Imports module and the layers below it.
package expires

import (
	"strconv"
	"strings"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/syntax"
)

// life is how long a response may be kept.
type life struct {
	seconds  int
	modified bool // counted from the file's change; no response here has a file, so it has no effect
}

// conf holds the directives of one section.
type conf struct {
	active module.Opt[bool]
	usual  module.Opt[life]
	byType []typed // inner ones first
}

type typed struct {
	name string
	life life
}

var slot = directive.Slot[conf]{Name: "expires", Merge: func(base, add *conf) *conf {
	return &conf{
		active: module.Over(base.active, add.active), usual: module.Over(base.usual, add.usual),
		byType: append(append([]typed(nil), add.byType...), base.byType...),
	}
}}

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_expires", ID: "expires_module",
		Rows: []directive.Row{
			{Name: "ExpiresActive", Set: func(c *directive.Call) error {
				slot.Of(c.Dir).active.To(c.On)
				return nil
			}},
			{Name: "ExpiresDefault", Set: func(c *directive.Call) error {
				l, err := parse(c, c.Arg(0), "")
				if err == nil {
					slot.Of(c.Dir).usual.To(l)
				}
				return err
			}},
			{Name: "ExpiresByType", Set: func(c *directive.Call) error {
				l, err := parse(c, c.Arg(1), c.Arg(0)+" ")
				if err == nil {
					s := slot.Of(c.Dir)
					s.byType = append([]typed{{c.Arg(0), l}}, s.byType...) // the last word decides
				}
				return err
			}},
		},
		Dir: dir,
	}
}

// units are the words of a duration with their seconds; so many letters are
// compared.
var units = []struct {
	name    string
	letters int
	seconds int
}{
	{"years", 1, 365 * 86400}, {"months", 2, 30 * 86400}, {"weeks", 1, 7 * 86400}, {"days", 1, 86400},
	{"hours", 1, 3600}, {"minutes", 2, 60}, {"seconds", 1, 1},
}

// parse reads "A3600", "M3600" or "access plus 1 month 2 days" (httpd: check_code).
func parse(c *directive.Call, code, of string) (l life, err error) {
	bad := func(why string) error { return c.Errorf("'%s %s%s': bad expires code, %s", c.Row.Name, of, code, why) }
	if code != "" && (code[0] == 'A' || code[0] == 'M') {
		l = life{seconds: ascii.LeadingInt(code[1:]), modified: code[0] == 'M'}
		noteModified(c, l)
		return l, nil
	}
	word, rest := syntax.Word(code)
	switch first := ascii.ToLower(word); {
	case strings.HasPrefix(first, "n"), strings.HasPrefix(first, "a"):
	case strings.HasPrefix(first, "m"):
		l.modified = true
	default:
		return l, bad("unrecognised <base> '" + word + "'")
	}
	word, rest = syntax.Word(rest)
	if ascii.HasPrefixFold(word, "p") {
		word, rest = syntax.Word(rest)
	}
	for word != "" {
		if !ascii.IsDigit(word[0]) {
			return l, bad("numeric value expected <num> '" + word + "'")
		}
		n := ascii.LeadingInt(word)
		if word, rest = syntax.Word(rest); word == "" {
			return l, bad("missing <type>")
		}
		factor := 0
		for _, u := range units {
			if ascii.HasPrefixFold(word, u.name[:u.letters]) {
				factor = u.seconds
				break
			}
		}
		if factor == 0 {
			return l, bad("unrecognised <type>'" + word + "'")
		}
		l.seconds += n * factor
		word, rest = syntax.Word(rest)
	}
	noteModified(c, l)
	return l, nil
}

func noteModified(c *directive.Call, l life) {
	if l.modified {
		c.Note("responses have no file whose change could count: it has no effect, as with responses of backends in httpd")
	}
}

func dir(_ *module.Builder, d *module.Dir) error {
	c, ok := slot.Peek(d.Conf)
	if ok && c.active.V && (c.usual.Set || len(c.byType) > 0) {
		d.Chain.Response = append(d.Chain.Response, &step{c})
	}
	return nil
}

// step adds the fields to a response.
type step struct{ conf *conf }

// Do implements exchange.Step. httpd: expires_insert_filter and expires_filter;
// errors, OPTIONS * and TRACE get no fields, redirects made here do.
func (s *step) Do(x *exchange.Exchange) error {
	h := &x.Resp.Header
	if x.Made == exchange.ByCore || x.Resp.Status >= 400 || x.Always.Has(message.Expires) || h.Has(message.Expires) {
		return nil
	}
	l, ok := s.of(x)
	if !ok || l.modified {
		return nil
	}
	age := append(x.Arena.Alloc(32), "max-age="...)
	age = strconv.AppendInt(age, int64(l.seconds), 10)
	if v, there := h.Get(message.CacheControl); there {
		age = x.Arena.Join(v, []byte(", "), age)
	}
	h.SetID(message.CacheControl, age)
	end := x.Times.Start.Add(time.Duration(l.seconds) * time.Second).UTC()
	h.AddID(message.Expires, end.AppendFormat(x.Arena.Alloc(32), "Mon, 02 Jan 2006 15:04:05 GMT"))
	return nil
}

// of returns the life of a response by its type, else the default.
func (s *step) of(x *exchange.Exchange) (life, bool) {
	t, _ := x.Resp.Header.Get(message.ContentType)
	end := 0
	for end < len(t) && t[end] != ';' && !ascii.IsSpace(t[end]) {
		end++
	}
	for i := range s.conf.byType {
		if ascii.EqualFoldBytes(t[:end], s.conf.byType[i].name) {
			return s.conf.byType[i].life, true
		}
	}
	return s.conf.usual.V, s.conf.usual.Set
}
