package core

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
)

// noOverride holds where there is no AllowOverride. httpd: OR_UNSET, which is not None.
var noOverride = &directive.Override{Unset: true, Options: uint8(exchange.EveryOption)}

// overrideWords are the words of AllowOverride without a value.
var overrideWords = map[string]directive.Where{
	"limit": directive.AllowLimit, "options": directive.AllowOptions, "fileinfo": directive.AllowFileInfo,
	"authconfig": directive.AllowAuthConfig, "indexes": directive.AllowIndexes, "all": directive.AnyClass,
}

// setOverride is AllowOverride. httpd: set_override. Each one replaces what an earlier one in the
// same section allows, but not which options.
func setOverride(c *directive.Call) error {
	useless(c, "AH00114: ")
	d := dirSlot.Of(c.Dir)
	o := &directive.Override{Options: uint8(exchange.EveryOption)}
	if d.Override != nil {
		o.Options = d.Override.Options
	}
	d.Override = o
	for _, w := range c.Args {
		name, value, has := strings.Cut(w, "=")
		name = ascii.ToLower(name)
		class, known := overrideWords[name]
		switch {
		case name == "options":
			o.Classes |= class
			opts, err := allowedOptions(c, value, has)
			if err != nil {
				return err
			}
			o.Options = uint8(opts)
		case has && name == "nonfatal":
			o.NonfatalOverride = o.NonfatalOverride || ascii.EqualFold(value, "override") || ascii.EqualFold(value, "all")
			o.NonfatalUnknown = o.NonfatalUnknown || ascii.EqualFold(value, "unknown") || ascii.EqualFold(value, "all")
		case has && name != "none" || !known && name != "none":
			return c.Errorf("Illegal override option %s", w)
		case name == "none":
			*o = directive.Override{Options: o.Options}
		case name == "all":
			o.Classes = class
		default:
			o.Classes |= class
		}
	}
	return nil
}

// allowedOptions reads the value of Options=. httpd: set_allow_opts; without a value the
// word All.
func allowedOptions(c *directive.Call, value string, has bool) (exchange.Options, error) {
	if !has {
		return exchange.AllOptions, nil
	}
	var all exchange.Options
	for w := range strings.SplitSeq(value, ",") {
		opt, ok := optionWords[ascii.ToLower(w)]
		if !ok || ascii.EqualFold(w, "runscripts") {
			return 0, c.Errorf("Illegal option %s", w)
		}
		all |= opt
	}
	return all, nil
}

// setOverrideList is AllowOverrideList. httpd: set_override_list, which discards what it does not
// know, and what no .htaccess file may contain.
func setOverrideList(knows func(name string) *directive.Row) func(*directive.Call) error {
	return func(c *directive.Call) error {
		useless(c, "")
		list := make(directive.OverrideList)
		dirSlot.Of(c.Dir).OverrideList = &list
		if len(c.Args) == 1 && ascii.EqualFold(c.Arg(0), "none") {
			return nil
		}
		for _, w := range c.Args {
			row := knows(w)
			switch {
			case row == nil || strings.HasSuffix(row.Name, "*"):
				c.Warn("Discarding unrecognized directive `%s' in AllowOverrideList", w)
			case row.Where&directive.HTAccess == 0:
				c.Warn("Discarding directive `%s' not allowed in AllowOverrideList", w)
			default:
				list[ascii.ToLower(strings.TrimSuffix(row.Name, ">"))] = true
			}
		}
		return nil
	}
}

// useless warns of a directive in a section that .htaccess files do not depend on.
func useless(c *directive.Call, id string) {
	if c.Scope.Within(directive.KindLocation, directive.KindLocationMatch, directive.KindFiles, directive.KindFilesMatch) != nil {
		c.Warn("%sUseless use of %s", id, c.Row.Name)
	}
}
