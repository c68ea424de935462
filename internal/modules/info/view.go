package info

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/page"
	"github.com/headgate/headgate/internal/source"
)

//go:embed info.html
var text string

var body = template.Must(template.New("info").Parse(text))

// view is what the page is made of. What is empty is left out.
type view struct {
	Whole     bool // the page without a query, with links to its parts
	Config    []line
	List      []string
	Index     []string // modules, for links
	Settings  []pair
	Hooks     []section
	Providers []Group
	Modules   []shown
	Unknown   string // the query, where it names nothing
	Link      string // what links to modules begin with
}

// pair is a setting with its value.
type pair struct{ Name, Value string }

// section is a list of hooks.
type section struct {
	Anchor, Title, Note string
	Hooks               []hook
}

// hook is a hook with the modules that take part in it.
type hook struct {
	Name    string
	Modules []string
}

// shown is one module.
type shown struct {
	Name, Handlers, Configures, Takes string
	Directives                        []known
	Config                            []line
	More                              template.HTML // of AddModuleInfo
	Here                              bool          // part of this server
}

// known is a directive that a module has.
type known struct{ Name, Usage, Tier, Note string }

// parts are what a query shows, by its text (httpd: display_info).
var parts = map[string]func(question, *view){
	"":          whole,
	"config":    func(q question, v *view) { v.Config = q.lines(nil) },
	"list":      func(q question, v *view) { v.List = q.modules() },
	"server":    func(q question, v *view) { v.Settings = q.settings() },
	"hooks":     func(q question, v *view) { v.Hooks = q.hooks() },
	"providers": func(q question, v *view) { v.Providers = q.providers },
}

func whole(q question, v *view) {
	*v = view{
		Whole: true, Link: "#", Index: q.modules(), Settings: q.settings(), Hooks: q.hooks(), Providers: q.providers,
	}
	for _, name := range v.Index {
		v.Modules = append(v.Modules, q.show(name))
	}
}

// write writes the page.
func write(_ context.Context, q question) (string, error) {
	v := &view{Link: "?"}
	if part := parts[q.query]; part != nil {
		part(q, v)
	} else if i := slices.IndexFunc(q.modules(), func(m string) bool { return ascii.EqualFold(m, q.query) }); i >= 0 {
		v.Modules = []shown{q.show(q.modules()[i])}
	} else {
		v.Unknown = q.query
	}
	var b, all strings.Builder
	if err := body.Execute(&b, v); err != nil {
		return "", err
	}
	p := page.Page{
		Title: "Server Information", Head: "Server Information", Sub: q.server,
		Body: template.HTML(b.String()), //nolint:gosec // made by html/template
		Foot: q.product() + ". Passwords and other secrets in directives are shown as " + hidden + ".",
	}
	err := p.Write(&all)
	return all.String(), err
}

// modules lists the source files of the modules that httpd would have.
func (f *facts) modules() (names []string) {
	for _, id := range f.read.Loaded {
		names = append(names, source.ModuleSource(id))
	}
	for _, m := range f.read.Modules {
		if m.Static {
			names = append(names, source.ModuleSource(m.ID))
		}
	}
	slices.SortFunc(names, compare)
	return slices.Compact(names)
}

// settings are about the server (httpd: show_server_settings). Names of what only
// httpd has keep their place, and say so.
func (q question) settings() []pair {
	const none = "not used here"
	return append([]pair{
		{"Server Version", q.product()},
		{"Server Built", q.made},
		{"Server loaded APR Version", none},
		{"Compiled with APR Version", none},
		{"Server loaded APU Version", none},
		{"Compiled with APU Version", none},
		{"Server loaded PCRE Version", "not used here: regular expressions are RE2's, and a bounded backtracker's where a pattern needs one"},
		{"Compiled with PCRE Version", none},
		{"Module Magic Number", "none: modules are not loaded from files"},
		{"Hostname/port", q.server},
		{"Timeouts", fmt.Sprintf("connection: %g    keep-alive: %g", q.site.Timeout.Seconds(), q.site.KeepAliveTimeout.Seconds())},
		{"MPM Name", "event"},
		{"MPM Information", "Max Daemons: 1 Threaded: yes Forked: no"},
		{"Server Architecture", strconv.Itoa(strconv.IntSize) + "-bit"},
		{"Server Root", q.root},
		{"Config File", q.read.File},
		{"Server Built With", runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH},
	}, q.running.facts()...)
}

func (f *facts) product() string { return "Apache/" + source.DefaultVersion + " (" + f.version + ")" }

// hooks are what modules take part in. httpd's other hooks do not exist.
func (f *facts) hooks() []section {
	var start []string
	for _, m := range f.read.Modules {
		if m.Finish != nil {
			start = append(start, source.ModuleSource(m.ID))
		}
	}
	request := section{Anchor: "request_hooks", Title: "Request Hooks", Note: "Those of this configuration, in the order in which modules are asked."}
	for _, h := range module.AllHooks() {
		row := hook{Name: h.String()}
		taking := f.taking(h)
		for _, m := range f.read.Modules {
			if slices.Contains(taking, m) {
				row.Modules = append(row.Modules, source.ModuleSource(m.ID))
			}
		}
		request.Hooks = append(request.Hooks, row)
	}
	return []section{
		{
			Anchor: "startup_hooks", Title: "Startup Hooks", Note: "A start or reload builds the whole configuration aside; there are no hooks of single steps.",
			Hooks: []hook{{Name: "Post Configuration", Modules: start}},
		},
		request,
		{Anchor: "other_hooks", Title: "Other Hooks", Note: "There are none here."},
	}
}

// taking returns the modules that take part in a hook.
func (f *facts) taking(h module.Hook) (all []*module.Module) {
	for _, r := range f.reads() {
		all = append(all, r.Hooks.Of(h)...)
	}
	return all
}

// moduleOf returns the module of a source file; nil: this server has none.
func (f *facts) moduleOf(name string) *module.Module {
	for _, m := range f.read.Modules {
		if m.ID != "" && source.ModuleSource(m.ID) == name {
			return m
		}
	}
	return nil
}

// show is what the page says of one module.
func (q question) show(name string) shown {
	out := shown{Name: name, Handlers: "none", Configures: "none", Takes: "none", Config: q.lines(func(r *directive.Row) bool { return owns(name, r) })}
	for _, r := range q.read.Table.Rows() {
		if owns(name, r) {
			out.Directives = append(out.Directives, known{r.Name, r.Usage, r.Tier.String(), r.Note})
		}
	}
	for _, r := range q.more {
		if ascii.EqualFold(r.module, name) {
			out.More = template.HTML(r.html) //nolint:gosec // it is the configuration's, meant as HTML
			break
		}
	}
	m := q.moduleOf(name)
	if m == nil {
		return out
	}
	out.Here = true
	var takes, configures []string
	for _, h := range module.AllHooks() {
		if !slices.Contains(q.taking(h), m) {
			continue
		}
		takes = append(takes, h.String())
		if h == module.HookHandlers {
			out.Handlers = "yes"
		}
	}
	if m.Dir != nil {
		configures = append(configures, "Create Directory Config")
	}
	if m.Server != nil {
		configures = append(configures, "Create Server Config")
	}
	out.Takes, out.Configures = joined(takes), joined(configures)
	return out
}

func joined(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// ofHTTP are the directives of http_core.c, which the table counts as the core's.
var ofHTTP = []string{"KeepAlive", "KeepAliveTimeout", "MaxKeepAliveRequests"}

// owns reports whether a module, by its source file, has a directive.
func owns(name string, r *directive.Row) bool {
	if slices.Contains(ofHTTP, r.Name) {
		return name == "http_core.c"
	}
	base := strings.TrimSuffix(name, ".c")
	for of := range strings.SplitSeq(r.Module, ",") {
		if of == base || of == "mpm_"+base || of == "mpm" && base == "event" {
			return true
		}
	}
	return false
}
