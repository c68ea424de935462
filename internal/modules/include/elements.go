package include

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/inode"
	"github.com/headgate/headgate/internal/uri"
)

// obey does what a command says.
func (p *page) obey(c *command) {
	if c.bad != "" {
		p.fail("%s", c.bad)
		return
	}
	switch c.name {
	case "if":
		p.ifElement(c)
		return
	case "elif", "else", "endif":
		p.branch(c)
		return
	}
	element, known := map[string]func(*page, *command){
		"include": (*page).include, "echo": (*page).echo, "set": (*page).set, "config": (*page).config,
		"fsize": (*page).file, "flastmod": (*page).file, "printenv": (*page).printenv, "exec": (*page).refuse, "comment": func(*page, *command) {},
	}[c.name]
	switch {
	case !known:
		p.fail("unknown directive %q", c.name)
	case !p.printing:
	case len(c.args) == 0 && c.name != "printenv" && c.name != "comment":
		p.fail("missing argument for %s element", c.name)
	default:
		element(p, c)
	}
}

// refuse is exec.
func (p *page) refuse(*command) { p.fail("exec used, but programs are not run here,") }

// ifElement begins a condition.
func (p *page) ifElement(c *command) {
	if !p.printing {
		p.nested++
		return
	}
	p.nested = 0
	p.decide(c)
}

// decide evaluates a condition. Where it is wrong no branch is shown, as in httpd.
func (p *page) decide(c *command) {
	if ok, good := p.condition(c); good {
		p.printing, p.held = ok, ok
	} else {
		p.printing, p.held = false, true
	}
}

// branch is elif, else and endif.
func (p *page) branch(c *command) {
	if p.nested > 0 {
		if c.name == "endif" {
			p.nested--
		}
		return
	}
	switch {
	case c.name == "elif" && len(c.args) == 1 && p.held:
		p.printing = false
	case c.name == "elif":
		p.decide(c)
	case len(c.args) > 0:
		p.fail("%s directive does not take tags", c.name)
	case c.name == "else":
		p.printing, p.held = !p.held, true
	default:
		p.printing, p.held = true, true
	}
}

// condition evaluates the expression of a command. good: there is one.
func (p *page) condition(c *command) (holds, good bool) {
	switch {
	case len(c.args) != 1:
		p.fail("%s element needs one argument, expr", c.name)
		return false, false
	case c.args[0].name != "expr":
		p.fail("unknown parameter %q to tag %s", c.args[0].name, c.name)
		return false, false
	case !c.args[0].hasValue:
		p.fail("missing expr value for %s element", c.name)
		return false, false
	}
	cond, err := expr.ParseBool(c.args[0].value, expr.Options{Restricted: true, Includes: true})
	if err != nil {
		p.fail("invalid expression %q: %v", c.args[0].value, err)
		return false, false
	}
	root := p.root()
	holds, err = evaluator.Match(cond, root, func(_ *exchange.Exchange, st *expr.State) {
		for i := range p.groups {
			if g := st.Group(i); g != nil {
				p.groups[i], p.grouped = string(g), i+1
			}
		}
	})
	if err != nil {
		p.fail("invalid expression %q: %v", c.args[0].value, err)
		return false, false
	}
	return holds, true
}

// evaluator evaluates conditions.
var evaluator exchange.Evaluator

// set is set.
func (p *page) set(c *command) {
	name, named := "", false
	coder := codec{encode: "none", decode: "none"}
	if len(c.args) < 2 {
		p.fail("missing argument for set element")
		return
	}
	for _, a := range c.args {
		switch {
		case !a.hasValue:
			return
		case a.name == "var":
			name, named = p.expand(a.value), true
		case a.name == "value" && !named:
			p.fail("variable must precede value in set directive")
			return
		case a.name == "value":
			if bad := coder.unknown(); bad != "" {
				p.fail("unknown value %q to a parameter of tag set", bad)
				return
			}
			root := p.root()
			root.Env.Set(name, []byte(coder.apply(p.expand(a.value))))
		case coder.option(a.name, a.value):
		default:
			p.fail("Invalid tag %q for set directive", a.name)
			return
		}
	}
}

// echo is echo.
func (p *page) echo(c *command) {
	coder := codec{encode: "entity", decode: "none"}
	for _, a := range c.args {
		switch {
		case !a.hasValue:
			return
		case a.name == "var":
			if v, ok := p.variable(p.expand(a.value)); ok {
				if bad := coder.unknown(); bad != "" {
					p.fail("unknown value %q to a parameter of tag echo", bad)
					return
				}
				p.show([]byte(coder.apply(v)))
			} else {
				p.show([]byte(p.undefined))
			}
		case coder.option(a.name, a.value):
		default:
			p.fail("unknown parameter %q in tag echo", a.name)
			return
		}
	}
}

// config is config.
func (p *page) config(c *command) {
	for _, a := range c.args {
		if !a.hasValue {
			return
		}
		switch v := p.expand(a.value); a.name {
		case "errmsg":
			p.errors = v
		case "echomsg":
			p.undefined = v
		case "timefmt":
			p.times = v
			p.dates()
		case "sizefmt":
			switch v {
			case "bytes", "abbrev":
				p.bytes = v == "bytes"
			default:
				p.fail("unknown value %q to parameter \"sizefmt\" of tag config", v)
				return
			}
		default:
			p.fail("unknown parameter %q to tag config", a.name)
			return
		}
	}
}

// file is fsize and flastmod.
func (p *page) file(c *command) {
	for _, a := range c.args {
		if !a.hasValue {
			return
		}
		info, ok := p.find(c.name, a.name, p.expand(a.value))
		switch {
		case !ok:
			p.show([]byte(p.errors))
			return
		case c.name == "flastmod":
			p.show([]byte(p.format(info.Modified, false)))
		case p.bytes:
			p.show(grouped(info.Size))
		default:
			p.show(abbreviated(info.Size))
		}
	}
}

// find looks a file up.
func (p *page) find(command, kind, name string) (inode.Info, bool) {
	quiet := p.errors
	defer func() { p.errors = quiet }()
	p.errors = "" // the caller shows it
	sub := p.look(command, kind, name)
	if sub == nil {
		return inode.Info{}, false
	}
	at := sub.File()
	if sub.Status != 200 || at == nil || at.Mode == exchange.NoFile {
		p.fail("unable to get information about %q", name)
		return inode.Info{}, false
	}
	return at.Info, true
}

// look returns the look-up for a file or a path; nil: it is not allowed, which is logged.
func (p *page) look(command, kind, name string) *exchange.Exchange {
	switch kind {
	case "file":
		if !below(name) || p.x.File() == nil {
			p.fail("unable to access file %q", name)
			return nil
		}
		return p.x.Lookups.LookupEntry(p.x, name)
	case "virtual":
		return p.x.Lookups.Lookup(p.x, []byte(name))
	}
	p.fail("unknown parameter %q to tag %s", kind, command)
	return nil
}

// below reports whether a name leads to the folder of the page or below. httpd: APR_FILEPATH_NOTABOVEROOT.
func below(name string) bool {
	if strings.HasPrefix(name, "/") || strings.IndexByte(name, 0) >= 0 {
		return false
	}
	depth := 0
	for part := range strings.SplitSeq(name, "/") {
		switch part {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
		}
		if depth < 0 {
			return false
		}
	}
	return true
}

// include is include.
func (p *page) include(c *command) {
	for i, a := range c.args {
		if !a.hasValue {
			return
		}
		if a.name == "onerror" {
			continue
		}
		if p.part(c, a) {
			continue
		}
		if i+1 < len(c.args) && c.args[i+1].name == "onerror" {
			after := c.args[i+1]
			after.name = "virtual"
			if p.part(c, after) {
				return
			}
		}
		p.show([]byte(p.errors))
		return
	}
}

// part includes one file or path; false: it cannot be, which is logged.
func (p *page) part(c *command, a argument) bool {
	quiet := p.errors
	p.errors = ""
	defer func() { p.errors = quiet }()
	name := p.expand(a.value)
	sub := p.look(c.name, a.name, name)
	switch {
	case sub == nil:
		return false
	case sub.Status != 200:
		p.fail("unable to include %q", name)
		return false
	case !p.exec && sub.Media.Type != nil && !bytes.HasPrefix(sub.Media.Type, []byte("text/")):
		p.fail("unable to include potential exec %q", name)
		return false
	case p.recursive(sub):
		p.fail("Recursive include of %q", name)
		return false
	}
	if err := p.x.Lookups.Include(p.x, sub, p.next); err != nil {
		p.fail("unable to include %q: %v", name, err)
		return false
	}
	return true
}

// recursive reports whether a page is within itself.
func (p *page) recursive(sub *exchange.Exchange) bool {
	for m := p.x; m != nil; m = m.Main {
		if len(sub.Filename) > 0 && bytes.Equal(m.ShownFilename(), sub.ShownFilename()) || len(sub.Path) > 0 && bytes.Equal(m.Path, sub.Path) {
			return true
		}
		for r := m.Redirected; r != nil; r = r.Prev {
			if len(sub.Path) > 0 && bytes.Equal(r.Path, sub.Path) {
				return true
			}
		}
	}
	return false
}

// printenv shows all variables.
func (p *page) printenv(c *command) {
	if len(c.args) > 0 {
		p.fail("printenv directive does not take tags")
		return
	}
	for _, v := range p.root().Env.All() {
		b := uri.AppendHTML(nil, []byte(v.Name))
		b = uri.AppendHTML(append(b, '='), v.Value)
		p.show(append(b, '\n'))
	}
}

// grouped prints a size with commas.
func grouped(n int64) []byte {
	digits := strconv.FormatInt(n, 10)
	var b []byte
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b = append(b, ',')
		}
		b = append(b, digits[i])
	}
	return b
}

// abbreviated prints a size in four places. httpd: apr_strfsize.
func abbreviated(n int64) []byte {
	right := func(n int64, width int) string {
		s := strconv.FormatInt(n, 10)
		return strings.Repeat(" ", max(width-len(s), 0)) + s
	}
	if n < 973 {
		return []byte(right(n, 3) + " ")
	}
	for _, unit := range "KMGTPE" {
		rest := n & 1023
		if n >>= 10; n >= 973 {
			continue
		}
		if n < 9 || n == 9 && rest < 973 {
			if rest = (rest*5 + 256) / 512; rest >= 10 {
				n, rest = n+1, 0
			}
			return []byte(strconv.FormatInt(n, 10) + "." + strconv.FormatInt(rest, 10) + string(unit))
		}
		if rest >= 512 {
			n++
		}
		return []byte(right(n, 3) + string(unit))
	}
	return []byte("****")
}
