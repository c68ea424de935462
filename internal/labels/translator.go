package labels

import (
	"hash/maphash"
	"maps"
	"slices"

	"github.com/headgate/headgate/internal/ascii"
)

// Translator translates the containers of a machine again and again, and does only what has changed. Its result is that of
// Translate.
//
// Containers that use the same names are one group: see use. A change costs the translation of the groups that it concerns,
// and a walk over the list of containers, which are told apart by their address in memory. The zero value is ready. A
// Translator is for one goroutine at a time.
type Translator struct {
	o       Options // complete; the zero value before the first round
	seed    maphash.Seed
	catalog *catalog
	index   index
	round   uint64 // counts calls of Translate
	listed  int    // containers of this round
	known   map[*Container]*member
	groups  []*group

	// The routers that name no host, which are all in one group, and reach into sites of the others.
	lent        []wideAlternative
	lentVersion uint64

	lists
}

// Translate returns the configuration that the labels of containers ask for. A container that it was given must not change:
// another state is another Container. The lists of the result are valid until the next call; what has not changed since the
// last one is the same pointer.
func (t *Translator) Translate(containers []*Container, o Options) Result {
	o = o.complete()
	if t.known == nil || !t.o.same(&o) {
		*t = *newTranslator(o)
	}
	t.o = o
	loose := t.take(containers)
	catalogChanged := t.drop()
	for _, m := range loose {
		catalogChanged = t.define(m) || catalogChanged
	}
	loose = append(loose, t.invalid(catalogChanged)...)
	t.settle(loose)
	t.finish()
	return t.gather()
}

func newTranslator(o Options) *Translator {
	return &Translator{
		o: o, seed: maphash.MakeSeed(), catalog: &catalog{byKey: map[mwKey][]*middleware{}}, index: newIndex(),
		known: map[*Container]*member{}, lists: newLists(),
	}
}

// same says whether two options are the same apart from the questions that they answer.
func (o *Options) same(p *Options) bool {
	return o.Network == p.Network && o.DefaultHost == p.DefaultHost && o.ExposeAll == p.ExposeAll && o.PasswordDir == p.PasswordDir &&
		maps.Equal(o.Entrypoints, p.Entrypoints)
}

// take notes which containers there are, and returns the new ones.
func (t *Translator) take(containers []*Container) (fresh []*member) {
	t.round++
	t.listed = 0
	for _, c := range containers {
		if !c.Running {
			continue
		}
		m := t.known[c]
		if m == nil {
			m = &member{c: c}
			t.known[c] = m
			fresh = append(fresh, m)
		}
		if m.round != t.round {
			m.round = t.round
			t.listed++
		}
	}
	return fresh
}

// drop forgets the containers that are not listed any more. It reports whether they had middlewares.
func (t *Translator) drop() (defined bool) {
	if len(t.known) == t.listed {
		return false
	}
	for c, m := range t.known {
		if m.round != t.round {
			t.catalog.remove(m.defined)
			defined = defined || len(m.defined) > 0
			delete(t.known, c)
		}
	}
	return defined
}

// invalid dissolves the groups that have lost a container, or would be translated in another way now. It returns the
// containers that are left of them.
func (t *Translator) invalid(catalogChanged bool) (loose []*member) {
	t.groups = slices.DeleteFunc(t.groups, func(g *group) bool {
		complete := !slices.ContainsFunc(g.members, func(m *member) bool { return m.round != t.round })
		if complete && g.valid(t, catalogChanged) {
			return false
		}
		g.end()
		t.index.remove(g)
		for _, m := range g.members {
			if m.round == t.round {
				loose = append(loose, m)
			}
		}
		return true
	})
	return loose
}

// mwPrefix is the beginning of the labels that define middlewares.
const mwPrefix = "traefik.http.middlewares."

// define adds the middlewares of a container to the catalog. It reports whether there are any.
func (t *Translator) define(m *member) bool {
	for name := range m.c.Labels {
		if ascii.HasPrefixFold(name, mwPrefix) {
			r := newTranslation(t.o, t.seed, nil)
			r.read([]*Container{m.c})
			m.defined = r.defined
			t.catalog.add(m.defined)
			break
		}
	}
	return len(m.defined) > 0
}

// translation translates containers up to what depends on other groups.
func (t *Translator) translation(cs []*Container) *translation {
	r := newTranslation(t.o, t.seed, t.catalog)
	r.read(cs)
	r.resolve()
	r.place()
	return r
}

// together makes one group of containers.
func (t *Translator) together(cs []*Container) {
	g := &group{}
	for _, c := range cs {
		m := &member{c: c}
		t.define(m)
		g.members = append(g.members, m)
	}
	t.groups = []*group{g}
	t.finish()
}

// finish has those groups written that are new, and all others if the routers that they are lent are others.
func (t *Translator) finish() {
	var lent []wideAlternative
	for _, g := range t.groups {
		if g.ready != nil && len(g.ready.wide) > 0 {
			lent = g.ready.wide
		} else if g.ready == nil && g.outcome != nil && len(g.outcome.wide) > 0 {
			lent = g.outcome.wide
		}
	}
	if !slices.EqualFunc(lent, t.lent, wideAlternative.same) {
		t.lentVersion++
	}
	t.lent = lent
	for _, g := range t.groups {
		if g.ready != nil || g.outcome == nil || g.borrowed != t.lentVersion {
			g.finish(t)
			t.add(g.outcome)
		}
	}
}

// same says whether two routers that name no host do the same at the sites of others.
func (w wideAlternative) same(o wideAlternative) bool {
	return w.r == o.r || w.at == o.at && w.alt.text() == o.alt.text() && w.r.name == o.r.name && w.r.tls == o.r.tls && w.r.steps.ends == o.r.steps.ends &&
		w.r.first.Name == o.r.first.Name && w.r.fingerprint() == o.r.fingerprint()
}

// text is the same for alternatives that are the same.
func (a *alternative) text() string { return all(a.patterns...).String() + a.rest.String() }
