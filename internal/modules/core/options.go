package core

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/snapshot"
)

// optionWords are the words of Options. RunScripts is an old name. To allow Includes
// is to allow its lesser form.
var optionWords = map[string]exchange.Options{
	"indexes": exchange.Indexes, "includes": exchange.Includes | exchange.IncludesExec, "includesnoexec": exchange.Includes,
	"followsymlinks": exchange.FollowSymLinks, "symlinksifownermatch": exchange.SymLinksIfOwnerMatch,
	"execcgi": exchange.ExecCGI, "multiviews": exchange.MultiViews, "runscripts": exchange.MultiViews | exchange.ExecCGI,
	"none": 0, "all": exchange.AllOptions,
}

// setOptions is Options. httpd: set_options; several add up where they have signs,
// and the last one decides where they have none.
func setOptions(c *directive.Call) error {
	o := dirSlot.Of(c.Dir).Options
	allowed := exchange.EveryOption
	if a := c.Scope.Within(directive.KindAccess); a != nil {
		allowed = exchange.Options(a.Override.Options)
	}
	signed := false
	for i, w := range c.Args {
		name := strings.TrimPrefix(w, "+")
		if name == w {
			name = strings.TrimPrefix(w, "-")
		}
		switch sign := name != w; {
		case i > 0 && sign != signed:
			return c.Errorf("Either all Options must start with + or -, or no Option may.")
		case i == 0 && !sign:
			o.Whole, o.Set, signed = true, 0, false
		default:
			signed = sign
		}
		opt, known := optionWords[ascii.ToLower(name)]
		if opt.Has(exchange.ExecCGI) && !ascii.EqualFold(name, "all") && w[0] != '-' {
			c.Note("%s does not let programs run: none are", name)
		}
		switch {
		case !known:
			return c.Errorf("Illegal option %s", name)
		case signed && ascii.EqualFold(name, "all"):
			return c.Errorf("You may not use 'Options +All' or 'Options -All'.")
		case !allowed.Has(opt):
			return c.Errorf("Option %s not allowed here", name)
		case signed && w[0] == '-':
			o.Remove, o.Add, o.Set = o.Remove|opt, o.Add&^opt, o.Set&^opt
		case signed:
			o.Add, o.Remove, o.Set = o.Add|opt, o.Remove&^opt, o.Set|opt
		default:
			o.Set |= opt
		}
	}
	dirSlot.Of(c.Dir).Options = o
	return nil
}

// firstOptions are the options of a server without any directive.
var firstOptions = exchange.OptionRules{Whole: true, Set: exchange.FirstOptions}

// folderRules returns what a walk has to know of a context.
func folderRules(c *directive.Confs) snapshot.FolderRules {
	d, ok := dirSlot.Peek(c)
	if !ok {
		return snapshot.FolderRules{}
	}
	return snapshot.FolderRules{Options: d.Options, May: d.Override, List: d.OverrideList}
}
