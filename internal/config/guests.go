package config

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/source"
	"github.com/headgate/headgate/internal/syntax"
)

// guestTop are the directives and sections that a guest may have outside of any
// section. What the whole server depends on is not for guests.
var guestTop = map[string]bool{
	"virtualhost": true, "proxy": true, "proxymatch": true, "location": true, "locationmatch": true,
	"balancermember": true, "proxyset": true,
	"proxypass": true, "proxypassmatch": true, "proxypassreverse": true,
}

// judgeGuests refuses what guests may not say at the top level.
func (l *Loaded) judgeGuests(o Options) {
	if len(o.Guests) == 0 {
		return
	}
	kept := l.Source.Root.Children[:0:0]
	for _, n := range l.Source.Root.Children {
		if snapshot.IsGuest(n.Pos.File) && !guestTop[ascii.ToLower(n.Name)] {
			l.Found = append(l.Found, directive.Diagnostic{Severity: directive.SeverityError, Diagnostic: syntax.Diagnostic{
				Pos: n.Pos, Directive: n.Name, Text: n.Name + " is not allowed in what was discovered",
			}})
			continue
		}
		kept = append(kept, n)
	}
	l.Source.Root.Children = kept
}

// Blame tells whose faults stop a configuration: those of each guest by its name,
// and those that are at no guest's place.
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
