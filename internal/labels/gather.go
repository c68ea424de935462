package labels

import (
	"slices"
	"strings"
)

// lists have the parts of all outcomes in the order of the result.
type lists struct {
	services []*servicePart
	sites    []*sitePart
	reports  []*report
	files    []*filePart
	fresh    outcome // parts that are not in their lists yet

	defaults map[string]*Site          // by address
	merged   map[string]lead           // by contents
	led      map[*servicePart]*Service // with hosts of other groups

	result Result // of the latest gather; its lists are used again
}

// lead is a site that stands for several.
type lead struct {
	part    *sitePart
	written *Site
}

func newLists() lists {
	return lists{defaults: map[string]*Site{}, merged: map[string]lead{}, led: map[*servicePart]*Service{}}
}

// add takes in the parts of an outcome.
func (l *lists) add(o *outcome) {
	l.fresh.services = append(l.fresh.services, o.services...)
	l.fresh.sites = append(l.fresh.sites, o.sites...)
	l.fresh.reports = append(l.fresh.reports, o.reports...)
	l.fresh.files = append(l.fresh.files, o.files...)
}

// part is one entry of a list.
type part interface{ isOver() bool }

// renew takes what is over out of a sorted list, and puts fresh parts in their places.
func renew[P part](list *[]P, fresh []P, compare func(a, b P) int) {
	kept := slices.DeleteFunc(*list, P.isOver)
	slices.SortStableFunc(fresh, compare)
	at := len(kept)
	kept = append(kept, fresh...)
	for to := len(kept) - 1; len(fresh) > 0; to-- {
		if last := len(fresh) - 1; at > 0 && compare(kept[at-1], fresh[last]) > 0 {
			at--
			kept[to] = kept[at]
		} else {
			kept[to], fresh = fresh[last], fresh[:last]
		}
	}
	*list = kept
}

// gather brings the lists up to date and returns the result.
func (t *Translator) gather() Result {
	l := &t.lists
	renew(&l.services, l.fresh.services, func(a, b *servicePart) int { return strings.Compare(a.Name, b.Name) })
	renew(&l.sites, l.fresh.sites, func(a, b *sitePart) int { return bySite(a.site, b.site) })
	renew(&l.reports, l.fresh.reports, func(a, b *report) int { return strings.Compare(a.name, b.name) })
	renew(&l.files, l.fresh.files, func(a, b *filePart) int { return byAge(a.c, b.c) })
	l.fresh = outcome{}

	r := &l.result
	r.Services, r.Sites, r.Files, r.Labels, r.Problems, r.Listen = r.Services[:0], r.Sites[:0], r.Files[:0], r.Labels[:0], r.Problems[:0], r.Listen[:0]
	names := l.names()
	l.gatherSites(&t.o, names)
	l.gatherServices()
	for _, p := range l.reports {
		r.Labels = append(r.Labels, p.labels...)
		r.Problems = append(r.Problems, p.problems...)
	}
	for _, p := range l.files {
		r.Files = append(r.Files, p.File)
	}
	return Result{
		Services: filled(r.Services), Sites: filled(r.Sites), Files: filled(r.Files), Labels: filled(r.Labels), Problems: filled(r.Problems),
		Listen: filled(r.Listen),
	}
}

// filled is a list, nil if it is empty.
func filled[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

// names returns the names of the sites with the same contents, by contents.
func (l *lists) names() (names map[string][]string) {
	for _, p := range l.sites {
		if p.contents != "" {
			if names == nil {
				names = map[string][]string{}
			}
			names[p.contents] = append(names[p.contents], p.names...)
		}
	}
	for contents := range l.merged {
		if names[contents] == nil {
			delete(l.merged, contents)
		}
	}
	return names
}

// gatherSites lists the virtual hosts. The first of each address is one for hosts that nobody names.
func (l *lists) gatherSites(o *Options, names map[string][]string) {
	address := ""
	for i, p := range l.sites {
		if i == 0 || p.address != address {
			address = p.address
			l.gatherDefault(o, p)
		}
		written := p.written
		if p.contents != "" {
			if names[p.contents][0] != p.host {
				continue // it is in the text of the first one
			}
			written = l.lead(p, names[p.contents])
		}
		if written != nil {
			l.result.Sites = append(l.result.Sites, written)
			l.listen(address)
		}
	}
	slices.Sort(l.result.Listen)
}

// gatherDefault lists the first virtual host of an address.
func (l *lists) gatherDefault(o *Options, first *sitePart) {
	def := first.writeDefault(o)
	if def == nil {
		return
	}
	if had := l.defaults[def.Address]; had != nil && had.Config == def.Config {
		def = had
	}
	l.defaults[def.Address] = def
	l.result.Sites = append(l.result.Sites, def)
}

// lead returns the site of several with the same contents.
func (l *lists) lead(p *sitePart, names []string) *Site {
	had := l.merged[p.contents]
	if had.part != p || !slices.Equal(had.written.Hosts, names) {
		had = lead{p, p.write(names, nil)}
		l.merged[p.contents] = had
	}
	return had.written
}

// listen lists the ports of an address.
func (l *lists) listen(address string) {
	for a := range strings.FieldsSeq(address) {
		if a = strings.TrimPrefix(a, "*:"); !slices.Contains(l.result.Listen, a) {
			l.result.Listen = append(l.result.Listen, a)
		}
	}
}

// gatherServices lists the services that something leads to.
func (l *lists) gatherServices() {
	lent := l.loans()
	for p := range l.led {
		if p.isOver() || lent[p.Name] == nil {
			delete(l.led, p)
		}
	}
	for _, p := range l.services {
		switch more := lent[p.Name]; {
		case more != nil:
			l.result.Services = append(l.result.Services, l.withLoans(p, more))
		case p.listed:
			l.result.Services = append(l.result.Services, p.Service)
		}
	}
}

// loaned are the hosts and paths of other groups that lead to a service.
type loaned struct{ hosts, paths []string }

// loans returns what leads to services of other groups, by their names.
func (l *lists) loans() (lent map[string]*loaned) {
	for _, p := range l.sites {
		for _, n := range p.lent {
			if lent == nil {
				lent = map[string]*loaned{}
			}
			s := lent[n.balancer]
			if s == nil {
				s = &loaned{}
				lent[n.balancer] = s
			}
			s.hosts = append(s.hosts, p.names...)
			if !slices.Contains(s.paths, n.path) {
				s.paths = append(s.paths, n.path)
			}
		}
	}
	return lent
}

// withLoans is a service with the hosts and paths of other groups that lead to it.
func (l *lists) withLoans(p *servicePart, more *loaned) *Service {
	s := *p.Service
	s.Hosts = sorted(append(more.hosts, s.Hosts...))
	s.Paths = sorted(append(more.paths, s.Paths...))
	if had := l.led[p]; had != nil && slices.Equal(had.Hosts, s.Hosts) && slices.Equal(had.Paths, s.Paths) {
		return had
	}
	l.led[p] = &s
	return &s
}
