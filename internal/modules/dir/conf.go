package dir

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/record"
	"github.com/headgate/headgate/internal/syntax"
)

// conf is what a section says. Merging replaces whole values (httpd:
// merge_dir_configs).
type conf struct {
	index    module.Opt[[]string] // DirectoryIndex; none: disabled
	slash    module.Opt[bool]     // DirectorySlash
	check    module.Opt[bool]     // DirectoryCheckHandler
	redirect module.Opt[int]      // DirectoryIndexRedirect, a status; 0: off
	fallback module.Opt[string]   // FallbackResource; "": disabled

	indexLine, fallbackLine record.Line
}

var slot = directive.Slot[conf]{Name: "dir", Merge: func(base, add *conf) *conf {
	out := &conf{
		indexLine: base.indexLine, fallbackLine: base.fallbackLine,
		index:    module.Over(base.index, add.index),
		slash:    module.Over(base.slash, add.slash),
		check:    module.Over(base.check, add.check),
		redirect: module.Over(base.redirect, add.redirect),
		fallback: module.Over(base.fallback, add.fallback),
	}
	if add.index.Set {
		out.indexLine = add.indexLine
	}
	if add.fallback.Set {
		out.fallbackLine = add.fallbackLine
	}
	return out
}}

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_dir", ID: "dir_module", Dir: dir,
		Rows: []directive.Row{
			{Name: "DirectoryIndex", Set: setIndex},
			{Name: "DirectoryIndexRedirect", Set: setRedirect, Tier: directive.Honoured, Words: redirectWords},
			{Name: "DirectorySlash", Tier: directive.Honoured, Set: func(c *directive.Call) error {
				slot.Of(c.Dir).slash.To(c.On)
				return nil
			}},
			{Name: "DirectoryCheckHandler", Tier: directive.Honoured, Set: func(c *directive.Call) error {
				slot.Of(c.Dir).check.To(c.On)
				return nil
			}},
			{Name: "FallbackResource", Set: setFallback},
		},
	}
}

// setIndex adds names to those of this section. httpd: a line that says only
// disabled takes the earlier ones away.
func setIndex(c *directive.Call) error {
	d := slot.Of(c.Dir)
	words := syntax.Words(c.Raw)
	if len(words) == 1 && ascii.EqualFold(words[0], "disabled") {
		d.index.To(nil)
		return nil
	}
	d.index.To(append(d.index.V, words...))
	d.indexLine = c.Line()
	return nil
}

var redirectWords = []string{"on", "off", "permanent", "temp", "seeother"}

func setRedirect(c *directive.Call) error {
	d := slot.Of(c.Dir)
	switch word := ascii.ToLower(c.Arg(0)); word {
	case "on", "temp":
		d.redirect.To(302)
	case "off":
		d.redirect.To(0)
	case "permanent":
		d.redirect.To(301)
	case "seeother":
		d.redirect.To(303)
	default:
		if word == "" || !ascii.IsDigit(word[0]) {
			return c.Errorf("DirectoryIndexRedirect ON|OFF|permanent|temp|seeother|3xx")
		}
		status := ascii.LeadingInt(word)
		if status < 300 || status > 399 {
			return c.Errorf("DirectoryIndexRedirect only accepts values between 300 and 399")
		}
		d.redirect.To(status)
	}
	return nil
}

func setFallback(c *directive.Call) error {
	url := c.Arg(0)
	if ascii.EqualFold(url, "disabled") {
		url = ""
	}
	d := slot.Of(c.Dir)
	d.fallback.To(url)
	d.fallbackLine = c.Line()
	return nil
}
