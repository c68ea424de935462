package config

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/modules/core"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/source"
)

// DumpIncludes writes the files that were read as httpd's DUMP_INCLUDES does.
func (l *Loaded) DumpIncludes(w io.Writer) error {
	p := &printer{w: w}
	p.f("Included configuration files:\n")
	for _, i := range l.Source.Included {
		if i.Depth == 0 {
			p.f("  (*) %s\n", i.File)
			continue
		}
		p.f("  %*s(%d) %s\n", 2*i.Depth, "", i.From.Line, i.File)
	}
	return p.err
}

// DumpModules writes the modules as httpd's DUMP_MODULES does: those that are
// built in, then those that LoadModule named. Without any LoadModule all of
// httpd's modules count as built in.
func (l *Loaded) DumpModules(w io.Writer, modules []*module.Module) error {
	p := &printer{w: w}
	p.f("Loaded Modules:\n")
	static := staticModules(modules)
	if l.Source.BuiltIn {
		for _, id := range source.HttpdModules() {
			if !slices.Contains(static, id) {
				static = append(static, id)
			}
		}
	}
	for _, id := range static {
		p.f(" %s (static)\n", id)
	}
	for _, m := range l.Source.Loaded {
		if !slices.Contains(static, m.Name) {
			p.f(" %s (shared)\n", m.Name)
		}
	}
	return p.err
}

// StaticModules lists what -l prints: the modules there without LoadModule, by
// source name.
func StaticModules(modules []*module.Module) []string {
	var names []string
	for _, id := range staticModules(modules) {
		names = append(names, source.ModuleSource(id))
	}
	for _, m := range modules {
		if name := source.ModuleSource(m.ID); m.ID != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// DumpVHosts writes the virtual hosts by address as httpd's DUMP_VHOSTS does.
// Ours: the addresses are sorted; httpd prints them in the order of its hash
// table.
func (l *Loaded) DumpVHosts(w io.Writer) error {
	p := &printer{w: w}
	p.f("VirtualHost configuration:\n")
	type entry struct {
		addr string
		set  *snapshot.NameSet
	}
	var all []entry
	l.Snapshot.VHosts.Dump(func(addr string, s *snapshot.NameSet) {
		if ap, err := netip.ParseAddrPort(addr); err == nil && ap.Addr().IsUnspecified() {
			addr = fmt.Sprintf("*:%d", ap.Port())
		}
		all = append(all, entry{addr, s})
	})
	slices.SortFunc(all, func(a, b entry) int {
		// httpd: addresses first, then those of any address.
		if x, y := strings.HasPrefix(a.addr, "*"), strings.HasPrefix(b.addr, "*"); x != y {
			if x {
				return 1
			}
			return -1
		}
		return strings.Compare(a.addr, b.addr)
	})
	for _, e := range all {
		dumpSet(p, e.addr, e.set)
	}
	return p.err
}

func dumpSet(p *printer, addr string, s *snapshot.NameSet) {
	hosts := s.Hosts()
	if len(hosts) == 1 && len(aliases(hosts[0])) == 0 {
		p.f("%-22s %s (%s)\n", addr, hosts[0].Site.Name, hosts[0].Defined)
		return
	}
	port := addr[strings.LastIndexByte(addr, ':')+1:]
	p.f("%-22s is a NameVirtualHost\n", addr)
	p.f("%8s default server %s (%s)\n", "", hosts[0].Site.Name, hosts[0].Defined)
	for _, h := range hosts {
		p.f("%8s port %s namevhost %s (%s)\n", "", port, h.Site.Name, h.Defined)
		for _, a := range aliases(h) {
			p.f("%16s %s %s\n", "", a.kind, a.name)
		}
	}
}

type alias struct{ kind, name string }

// aliases are the names of a virtual host in addition to its ServerName.
func aliases(h *snapshot.VHost) []alias {
	var out []alias
	for _, n := range h.Names {
		if !ascii.EqualFold(n, h.Site.Name) {
			out = append(out, alias{"alias", n})
		}
	}
	for _, n := range h.Wild {
		out = append(out, alias{"wild alias", n})
	}
	return out
}

// DumpRunConfig writes the settings of the process as httpd's DUMP_RUN_CFG
// does, without what does not exist here (mutexes). ids turns the User and
// Group directives into the text printed for them.
func (l *Loaded) DumpRunConfig(w io.Writer, ids func(user, group string) (u, g string)) error {
	p := &printer{w: w}
	s := l.Snapshot
	p.f("ServerRoot: %q\n", l.Source.ServerRoot)
	conf := core.ServerOf(l.Main.Server)
	if conf.DocumentRoot.Set {
		p.f("Main DocumentRoot: %q\n", conf.DocumentRoot.V)
	}
	if conf.ErrorLog.Set {
		p.f("Main ErrorLog: %q\n", conf.ErrorLog.V)
	}
	p.f("PidFile: %q\n", s.PidFile)
	var names []string
	for name := range l.Source.Defines {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if v := l.Source.Defines[name]; v != "" {
			name += "=" + v
		}
		p.f("Define: %s\n", name)
	}
	u, g := ids(s.User, s.Group)
	p.f("User: %s\nGroup: %s\n", u, g)
	return p.err
}

// PidFile returns the pid file of a configuration, even of one that cannot be
// started: an administrator who wants to stop the server must be able to find
// it.
func (l *Loaded) PidFile() string {
	if l.Snapshot != nil && l.Snapshot.PidFile != "" {
		return l.Snapshot.PidFile
	}
	path := "logs/httpd.pid"
	for _, n := range l.Source.Root.All() {
		if ascii.EqualFold(n.Name, "PidFile") && !n.Section {
			if w := n.Words(); len(w) == 1 {
				path = w[0]
			}
		}
	}
	if !strings.HasPrefix(path, "/") {
		path = strings.TrimSuffix(l.Source.ServerRoot, "/") + "/" + path
	}
	return path
}

// Table returns the table of directives with the rows of the given modules,
// which -L lists.
func Table(modules []*module.Module) *directive.Table {
	table := directive.Known()
	for _, m := range modules {
		table = table.With(m.Rows)
	}
	return table
}
