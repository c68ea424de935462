package module

import (
	"slices"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/syntax"
)

// Read is the configuration that a build began with, as text and as judged, for
// pages that show it. It does not change once the build has ended.
type Read struct {
	File    string // the main file
	Root    *syntax.Node
	Uses    []directive.Use // in the order of the text
	Table   *directive.Table
	Modules []*Module // those of this server, in the order they are asked
	Loaded  []string  // identifiers of the modules that httpd would have: "proxy_module"

	// Hooks say which modules take part in what.
	Hooks Hooks
}

// Hook is a part of a request's way, by httpd's name for it.
type Hook uint8

// The hooks, in the order of a request.
const (
	HookPostRead Hook = iota
	HookPreTranslate
	HookTranslate
	HookHeaderParse
	HookAccess
	HookUser
	HookFixups
	HookFilters
	HookHandlers
	HookResponse
	HookLog
	numHooks
)

var hookNames = [numHooks]string{
	"Post-Read Request", "Pre-Translate Name", "Translate Name", "Header Parse", "Check Access", "Verify User ID", "Fixups", "Insert Filters",
	"Content Handlers", "Edit Response Fields", "Transaction Logging",
}

// String is httpd's name of the hook.
func (h Hook) String() string { return hookNames[h] }

// AllHooks lists the hooks.
func AllHooks() (all []Hook) {
	for h := range numHooks {
		all = append(all, h)
	}
	return all
}

// Hooks are the modules that take part in each hook, for some combination of
// sections that was compiled with the snapshot.
type Hooks struct {
	sealed bool // the build has ended: nothing is noted any more
	by     [numHooks][]*Module
	before [numHooks]int
}

// Of returns the modules that take part in a hook.
func (h *Hooks) Of(hook Hook) []*Module { return h.by[hook] }

// Begin looks at a site, and a chain or nil, that a module is about to add to.
func (h *Hooks) Begin(s *exchange.Site, c *exchange.Chain) {
	if !h.sealed {
		h.before = counts(s, c)
	}
}

// End notes what m has added since Begin.
func (h *Hooks) End(m *Module, s *exchange.Site, c *exchange.Chain) {
	if h.sealed {
		return
	}
	for hook, n := range counts(s, c) {
		if n != h.before[hook] && !slices.Contains(h.by[hook], m) {
			h.by[hook] = append(h.by[hook], m)
		}
	}
}

// counts are the lengths of the lists of a site and a chain, by hook.
func counts(s *exchange.Site, c *exchange.Chain) (n [numHooks]int) {
	n[HookPostRead], n[HookLog] = len(s.PostRead), len(s.AccessLogs)
	if c == nil {
		return n
	}
	n[HookPreTranslate], n[HookTranslate] = len(c.PreTranslate), len(c.Translate)
	n[HookHeaderParse], n[HookAccess] = len(c.Parse), len(c.Access)
	if c.Authn != nil {
		n[HookUser] = 1
	}
	n[HookFixups] = len(c.Fixups) + len(c.Local) + len(c.Late)
	n[HookFilters] = len(c.Filters) + len(c.Inputs)
	n[HookHandlers], n[HookResponse] = len(c.Handlers), len(c.Response)
	return n
}
