package labels

import (
	"cmp"
	"slices"
	"strings"
)

// outcome is what became of a group of containers. It does not change, apart from over.
type outcome struct {
	over     bool // it is out of date: what it has leaves the lists of the Translator
	services []*servicePart
	sites    []*sitePart
	reports  []*report
	files    []*filePart
	wide     []wideAlternative // which this group lends to all others
}

// servicePart is a service of an outcome.
type servicePart struct {
	of *outcome
	*Service
	listed bool // it is in the text whether sites of other groups lead to it or not
}

// sitePart is a virtual host of an outcome.
type sitePart struct {
	of *outcome
	*site
	written  *Site  // nil: it cannot be written, or contents are not ""
	contents string // by which it may be one with sites of other groups; "": it is not
	lent     []loan
}

// loan says that a site leads to a service of another group.
type loan struct{ balancer, path string }

// report is what there is to say of the containers of one name.
type report struct {
	of       *outcome
	name     string
	labels   []Label
	problems []Problem
}

// filePart is a file of an outcome.
type filePart struct {
	of *outcome
	ownedFile
}

// ownedFile is a file with the container that asks for it.
type ownedFile struct {
	c *Container
	File
}

func (p *servicePart) isOver() bool { return p.of.over }
func (p *sitePart) isOver() bool    { return p.of.over }
func (p *report) isOver() bool      { return p.of.over }
func (p *filePart) isOver() bool    { return p.of.over }

// finish writes what becomes of the group. lent are the routers of another group that name no host.
func (t *translation) finish(lent []wideAlternative) *outcome {
	t.arrangeSites(lent)
	o := &outcome{wide: t.wide}
	for _, s := range t.sites {
		o.sites = append(o.sites, t.sitePart(o, s))
	}
	for _, fs := range t.looked {
		fs.verdicts()
	}
	o.reports = t.reports(o)
	of := map[string][]Problem{}
	for _, r := range o.reports {
		of[r.name] = r.problems
	}
	for _, s := range t.order {
		p := &servicePart{of: o, Service: s.write()}
		p.listed = s.kept || len(s.paths) > 0
		for _, c := range p.Containers {
			p.Problems = append(p.Problems, of[c]...)
		}
		o.services = append(o.services, p)
	}
	for _, f := range t.files {
		o.files = append(o.files, &filePart{o, f})
	}
	return o
}

// sitePart writes a site, and notes for each service which hosts and paths lead to it.
func (t *translation) sitePart(o *outcome, s *site) *sitePart {
	p := &sitePart{of: o, site: s}
	for _, e := range s.entries {
		switch service := e.r.service; {
		case service == nil:
		case e.lent:
			p.lent = append(p.lent, loan{service.balancer, e.rest.claim()})
		default:
			service.hosts = append(service.hosts, s.names...)
			service.paths = append(service.paths, e.rest.claim())
		}
	}
	if !s.single() && s.onlyWide() {
		p.contents = s.contents()
	} else {
		p.written = t.writeSite(s)
		p.site = &site{address: s.address, tls: s.tls, host: s.host, names: s.names} // the routers are not needed any more
	}
	return p
}

// reports sorts verdicts and problems by container.
func (t *translation) reports(o *outcome) (all []*report) {
	byName := map[string]*report{}
	of := func(name string) *report {
		r := byName[name]
		if r == nil {
			r = &report{of: o, name: name}
			byName[name], all = r, append(all, r)
		}
		return r
	}
	for _, l := range t.labels {
		r := of(l.Container)
		r.labels = append(r.labels, l)
	}
	for _, p := range t.problems {
		r := of(p.Container)
		r.problems = append(r.problems, p)
	}
	for _, r := range all {
		slices.SortStableFunc(r.labels, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
		slices.SortStableFunc(r.problems, byLabel)
		r.problems = slices.CompactFunc(r.problems, func(a, b Problem) bool { return a == b })
	}
	return all
}

func byLabel(a, b Problem) int {
	return cmp.Or(strings.Compare(a.Label, b.Label), strings.Compare(a.Reason, b.Reason))
}
