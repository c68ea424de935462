package config

import (
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/source"
	"github.com/headgate/headgate/internal/syntax"
)

// guest is a text that was discovered and that is for itself: virtual hosts, which no
// other server depends on. It is built as a separate part.
type guest struct {
	text    source.Text
	root    *syntax.Node
	uses    []directive.Use
	found   []directive.Diagnostic
	part    *snapshot.Part // nil: it could not be built
	catalog *manage.Catalog
}

// guestTop are the directives and sections that a guest may have outside of any
// section. What the whole server depends on is not for guests.
var guestTop = map[string]bool{
	"virtualhost": true, "proxy": true, "proxymatch": true, "location": true, "locationmatch": true,
	"balancermember": true, "proxyset": true,
	"proxypass": true, "proxypassmatch": true, "proxypassreverse": true,
}

// wide are the directives of a virtual host on which other servers, or the server as a
// whole, depend: pages of what all servers do, what is decided by address, what is
// kept for all certificates. So is a ServerName for hosts that nobody names: others
// take over the certificate of that virtual host.
var wide = map[string]bool{
	"sethandler": true, "headgatepassthrough": true, "remoteipproxyprotocol": true, "remoteipproxyprotocolexceptions": true,
	"sslusestapling": true, "proxyrequests": true, "authnprovideralias": true, "authzprovideralias": true,
}

// isWide reports whether a text must be read with the files, because others depend on
// what is in it.
func isWide(root *syntax.Node) bool {
	return slices.ContainsFunc(root.Children, func(n *syntax.Node) bool {
		return !n.Section || !ascii.EqualFold(n.Name, "VirtualHost") || hasWide(n)
	})
}

func hasWide(n *syntax.Node) bool {
	name := ascii.ToLower(n.Name)
	return wide[name] || name == "servername" && strings.Contains(ascii.ToLower(n.Args), snapshot.Nobody) || slices.ContainsFunc(n.Children, hasWide)
}

// readGuests reads what was discovered: what is for itself becomes a guest, the rest
// stands behind the files.
func (l *Loaded) readGuests(texts []source.Text) {
	for _, t := range texts {
		l.order = append(l.order, t.Name)
		read := l.Source.ReadGuest(t)
		if !isWide(read.Root) {
			l.guests = append(l.guests, newGuest(t, read))
			continue
		}
		l.wide[t.Name] = t.Text
		l.take(read.Errors, directive.SeverityError)
		l.take(read.Warnings, directive.SeverityWarning)
		for _, n := range read.Root.Children {
			if guestTop[ascii.ToLower(n.Name)] {
				l.Source.Root.Children = append(l.Source.Root.Children, n)
				continue
			}
			l.Found = append(l.Found, directive.Diagnostic{Severity: directive.SeverityError, Diagnostic: syntax.Diagnostic{
				Pos: n.Pos, Directive: n.Name, Text: n.Name + " is not allowed in what was discovered",
			}})
		}
	}
}

func newGuest(t source.Text, read *source.Result) *guest {
	found := judged(read.Errors, directive.SeverityError)
	return &guest{text: t, root: read.Root, found: append(found, judged(read.Warnings, directive.SeverityWarning)...)}
}

// beside is what parts have that are built already, for those that are built next.
type beside struct {
	separate int             // how many servers have separate metrics
	folded   int             // how many are counted together
	names    map[string]bool // of the servers of guests, by which their balancers are managed
}

func (f *files) beside() *beside {
	o := &beside{names: make(map[string]bool)}
	o.count(f.builder.Part)
	return o
}

func (o *beside) count(p *snapshot.Part) {
	folded := p.Folded()
	o.separate, o.folded = o.separate+len(p.Meters)-folded, o.folded+folded
}

// add adds a guest, if it could be built.
func (o *beside) add(g *guest) {
	if g.part != nil {
		o.count(g.part)
		g.catalog.Names(o.names)
	}
}

// build builds the part of a guest beside the files and other guests.
func (g *guest) build(f *files, others *beside) {
	opts := f.applied
	opts.Use = func(u directive.Use) { g.uses = append(g.uses, u) }
	top, found := directive.ApplyGuest(g.root, f.table, opts, f.builder.Main)
	g.found = append(g.found, found...)
	if directive.Blocking(g.found) {
		return
	}
	read := *f.builder.Read
	read.Root, read.Uses, read.Hooks = g.root, g.uses, module.Hooks{}
	b := f.builder.ForGuest(&read, top.Hosts())
	b.Metered, b.Folded = others.separate, others.folded
	b.Catalog.Avoid(others.names)
	for i, scope := range b.Hosts {
		f.host(b, scope, g.text.Name, i)
	}
	for _, m := range f.modules {
		if m.FinishGuest != nil {
			note(b, g.root.Pos, m.FinishGuest(b))
		}
	}
	b.Catalog.Avoid(nil)
	b.Seal()
	for _, p := range b.Problems {
		g.found = append(g.found, problem(p, f.options.Check))
	}
	if directive.Blocking(g.found) {
		b.Part.Abandon()
		return
	}
	g.part, g.catalog = b.Part, b.Catalog
}

// why are the faults that stop a guest.
func (g *guest) why() (reasons []string) {
	for _, d := range g.found {
		if d.Blocks() {
			reasons = append(reasons, d.House())
		}
	}
	return reasons
}

// Blame tells whose faults stop a configuration, or parts of it: those of each guest
// by its name, and those that are at no guest's place.
func (l *Loaded) Blame() (guests map[string][]string, others []string) {
	guests = map[string][]string{}
	for _, d := range l.Found {
		switch {
		case !d.Blocks():
		case snapshot.IsGuest(d.Pos.File):
			guests[d.Pos.File] = append(guests[d.Pos.File], d.House())
		default:
			others = append(others, d.House())
		}
	}
	for name, why := range l.Left {
		guests[name] = append(guests[name], why...)
	}
	return guests, others
}

// Without returns guests without those of the names.
func Without(guests []source.Text, names map[string][]string) (left []source.Text) {
	for _, g := range guests {
		if _, out := names[g.Name]; !out {
			left = append(left, g)
		}
	}
	return left
}
