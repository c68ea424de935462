package labels

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/headgate/headgate/internal/ascii"
)

// site is a virtual host in the making.
type site struct {
	address string
	tls     bool
	host    string   // "*": hosts that nobody names; "*.x": those below x
	names   []string // once sites with the same contents are one: all of them
	entries []*entry // in the order in which they are tried
	wide    []*entry
}

// entry is a router at a site.
type entry struct {
	r    *router
	rest *node // what is left to be tested at this site
	wide bool  // the router did not name the host of the site
	lent bool  // likewise, and it is one of another group
}

// siteKey tells sites apart.
type siteKey struct{ address, host string }

// wideAlternative is a part of a rule that names no host.
type wideAlternative struct {
	r   *router
	alt alternative
	at  Entrypoint
}

// place puts routers at the sites of the hosts that they name. Those that name none wait in t.wide.
func (t *translation) place() {
	slices.SortStableFunc(t.routers, func(a, b *router) int { return byAge(a.first, b.first) })
	for _, r := range t.routers {
		for _, at := range r.entries {
			for _, alt := range split(r.rule) {
				if alt.hosts == nil && (t.o.DefaultHost == "" || alt.patterns != nil || r.rule.testsHost()) {
					r.wide = true
					t.wide = append(t.wide, wideAlternative{r, alt, at})
					t.uses(owns, "hosts that nobody names")
					continue
				}
				hosts := alt.hosts
				if hosts == nil {
					hosts = []string{t.o.DefaultHost}
				}
				for _, h := range hosts {
					if alt.matches(h) {
						t.uses(owns, "site", at.Address, h)
						t.placeAt(at, h, &entry{r: r, rest: alt.rest})
					}
				}
			}
		}
	}
}

// arrangeSites decides in which order the routers of each site are tried. lent are the wide ones of another group.
func (t *translation) arrangeSites(lent []wideAlternative) {
	for _, w := range lent {
		t.spread(w, true)
	}
	for _, w := range t.wide {
		t.placeWide(w)
	}
	for _, s := range t.hosts {
		t.sites = append(t.sites, s)
	}
	slices.SortFunc(t.sites, bySite)
	for _, s := range t.sites {
		t.arrange(s)
	}
	t.sites = slices.DeleteFunc(t.sites, func(s *site) bool { return len(s.entries) == 0 })
	t.sites = merge(t.sites)
}

// bySite is the order of the text.
func bySite(a, b *site) int {
	return cmp.Or(cmp.Compare(a.address, b.address), cmp.Compare(rank(a.host), rank(b.host)),
		cmp.Compare(len(b.host), len(a.host))*rank(a.host), cmp.Compare(a.host, b.host))
}

// rank is the order of the text: names, then wildcards, then everything, so that nobody gets what others name.
func rank(host string) int {
	switch {
	case host == "*":
		return 2
	case strings.HasPrefix(host, "*"):
		return 1
	}
	return 0
}

// placeAt puts a router at the site of a host, unless somebody outside of the containers has it.
func (t *translation) placeAt(at Entrypoint, host string, e *entry) {
	for _, path := range e.rest.claims() {
		if owner, taken := t.hostTaken(host, path); taken {
			t.problem(e.r.first, e.r.label, "%s belongs to %s", place(host, e.rest), owner).Other = owner
			return
		}
	}
	key := siteKey{at.Address, host}
	s := t.hosts[key]
	if s == nil {
		s = &site{address: at.Address, tls: at.TLS, host: host, names: []string{host}}
		t.hosts[key] = s
	}
	s.entries = append(s.entries, e)
}

// placeWide puts a router that names no host at its own site, and at those of hosts that it matches.
func (t *translation) placeWide(w wideAlternative) {
	t.spread(w, false)
	t.placeAt(w.at, wildcard(w.alt.patterns), &entry{r: w.r, rest: w.alt.hostRest()})
}

// spread puts a router that names no host at the sites of hosts that it matches.
func (t *translation) spread(w wideAlternative, lent bool) {
	host := wildcard(w.alt.patterns)
	for key, s := range t.hosts {
		if key.address != w.at.Address || key.host == host {
			continue
		}
		switch {
		case !strings.HasPrefix(key.host, "*"):
			if w.alt.matches(key.host) {
				s.wide = append(s.wide, &entry{r: w.r, rest: w.alt.rest, wide: true, lent: lent})
			}
		case host == "*" || strings.HasPrefix(host, "*") && strings.HasSuffix(key.host, host[1:]):
			s.wide = append(s.wide, &entry{r: w.r, rest: w.alt.hostRest(), wide: true, lent: lent})
		}
	}
}

// place names what a router wants, for messages.
func place(host string, rest *node) string {
	path := rest.claim()
	switch {
	case host == "*":
		return path + " of hosts that nobody names"
	case path == "/":
		return host
	}
	return host + path
}

// arrange brings the routers of a site in order: by priority, but nobody gets what an older container of others has.
func (t *translation) arrange(s *site) {
	wanted := append(s.entries, s.wide...)
	s.entries = nil
	for _, e := range wanted {
		at := s.placeOf(e)
		if first := shadow(s.entries[:at], e); first != nil {
			t.unreachable(s, e, first)
			continue
		}
		s.entries = slices.Insert(s.entries, at, e)
	}
	for i := 0; i < len(s.entries); {
		if first := shadow(s.entries[:i], s.entries[i]); first != nil {
			t.unreachable(s, s.entries[i], first)
			s.entries = slices.Delete(s.entries, i, i+1)
			continue
		}
		i++
	}
}

// shadow returns the entry that takes everything that e is for, nil if there is none.
func shadow(before []*entry, e *entry) *entry {
	for _, o := range before {
		if o.shadows(e) {
			return o
		}
	}
	return nil
}

// placeOf returns where an entry belongs: before the first of a lower priority, but behind all that it must not get ahead of.
func (s *site) placeOf(e *entry) int {
	at := 0
	for i, o := range s.entries {
		if o.precedes(e) {
			at = i + 1
		}
	}
	for at < len(s.entries) && s.entries[at].r.priority >= e.r.priority {
		at++
	}
	return at
}

// precedes says whether o, which is older, must be tried before e. Others than those of the same scope may only get ahead for
// paths that are strictly below.
func (o *entry) precedes(e *entry) bool {
	shared, below := overlap(o.rest.claims(), e.rest.claims())
	if !shared || o.r.priority >= e.r.priority {
		return shared
	}
	return o.r.first.scope() != e.r.first.scope() && !below
}

// overlap says whether a request may be for both of two rules, and whether all such requests are strictly below the first.
func overlap(above, paths []string) (shared, below bool) {
	below = true
	for _, a := range above {
		for _, p := range paths {
			switch {
			case len(p) > len(a) && strings.HasPrefix(p, a):
				shared = true
			case strings.HasPrefix(a, p):
				shared, below = true, false
			}
		}
	}
	return shared, below
}

// shadows says whether o, which is tried first, takes everything that e is for.
func (o *entry) shadows(e *entry) bool {
	if o.r == e.r && o.rest.String() == e.rest.String() {
		return true
	}
	if o.rest.op == opUnder && e.rest.op == opPathPrefix && o.rest.a == e.rest.a {
		return false // it does not take /appendix for /app
	}
	if o.rest.String() == e.rest.String() {
		return true
	}
	for _, c := range e.rest.claims() {
		if !o.rest.covers(c) {
			return false
		}
	}
	return true
}

// unreachable notes that a router never gets a request at a site.
func (t *translation) unreachable(s *site, e, first *entry) {
	if e.r == first.r || e.wide {
		return
	}
	if e.r.first.scope() != first.r.first.scope() {
		owner := shown(first.r.first.Name)
		t.problem(e.r.first, e.r.label, "%s belongs to the container %s, which is older", place(s.host, e.rest), owner).Other = owner
		return
	}
	what := "of the container " + shown(first.r.first.Name)
	if e.r.priority == first.r.priority && e.rest.String() == first.rest.String() && e.r.first != first.r.first {
		what += ", which is older and asks for the same"
	} else {
		what += ", which goes first"
	}
	t.problem(e.r.first, e.r.label, "no request at %s reaches the router %s: it goes to %s %s", place(s.host, e.rest), e.r.name, first.r.name, what).
		Other = shown(first.r.first.Name)
}

// merge makes one site of those with the same contents. Those that sites of other groups may equal are left alone: gather
// does that.
func merge(sites []*site) (merged []*site) {
	byContents := map[string]*site{}
	for _, s := range sites {
		if s.single() || s.onlyWide() {
			merged = append(merged, s)
			continue
		}
		key := s.contents()
		if o := byContents[key]; o != nil {
			o.names = append(o.names, s.host)
			continue
		}
		byContents[key] = s
		merged = append(merged, s)
	}
	return merged
}

// single says whether a site stays by itself.
func (s *site) single() bool { return s.tls || strings.HasPrefix(s.host, "*") }

// onlyWide says whether a site has only routers that may be at sites of all groups.
func (s *site) onlyWide() bool {
	return !slices.ContainsFunc(s.entries, func(e *entry) bool { return !e.r.wide })
}

// contents is the same for sites with the same contents.
func (s *site) contents() string {
	key := s.address
	for _, e := range s.entries {
		key += "\n" + e.r.name + " " + e.rest.String()
		for _, r := range e.r.steps.redirects {
			key += fmt.Sprint(" ", r.pointless(s.host, s.tls))
		}
	}
	return key
}

// wildcard returns the name under which requests for hosts that match patterns are served: "*.x.y" where the patterns want
// hosts to end so, else "*".
func wildcard(patterns []*node) string {
	best := "*"
	for _, p := range patterns {
		if s := literalSuffix(p.a); strings.Count(s, ".") >= 2 && len(s) >= len(best) {
			best = "*" + s
		}
	}
	return best
}

// literalSuffix returns the text that begins with a dot and that every match of a pattern ends with, "" if there is none.
func literalSuffix(re string) string {
	body, ok := strings.CutSuffix(re, "$")
	if !ok || strings.HasSuffix(body, `\`) || choosesOutside(body) {
		return ""
	}
	var tail []byte
	for i := len(body) - 1; i >= 0; i-- {
		c := body[i]
		switch {
		case c == '.' && i > 0 && body[i-1] == '\\':
			i--
		case !isAlnum(c) && c != '-' || i > 0 && body[i-1] == '\\':
			i = 0
			continue
		}
		tail = append(tail, c)
	}
	slices.Reverse(tail)
	if i := slices.Index(tail, '.'); i >= 0 {
		return ascii.ToLower(string(tail[i:]))
	}
	return ""
}

// choosesOutside says whether a pattern may have a '|' outside of groups.
func choosesOutside(re string) bool {
	depth := 0
	for i := 0; i < len(re); i++ {
		switch re[i] {
		case '\\':
			i++
		case '[':
			return strings.Contains(re, "|") // classes may hold parentheses
		case '(':
			depth++
		case ')':
			depth--
		case '|':
			if depth <= 0 {
				return true
			}
		}
	}
	return false
}
