package labels

import "slices"

// member is a container as a Translator knows it.
type member struct {
	c       *Container
	alone   []use // names that it uses if it is translated by itself
	defined []*middleware
	round   uint64 // when it was listed last
}

// group is some containers that are translated together, because they use the same names. Nothing that it uses is used by
// another group, so that its outcome is the same as if all containers were translated together.
type group struct {
	members []*member
	used    []use
	exact   bool         // used is what the translation used; else what its containers use by themselves
	ready   *translation // up to what depends on other groups; nil: it is finished, or not translated yet

	asked    []question
	drawn    []draw
	outcome  *outcome
	borrowed uint64 // the version of the lent routers that the outcome has
}

// translate translates the containers of a group, up to what depends on the routers that other groups lend.
func (g *group) translate(t *Translator) {
	if g.ready == nil {
		g.ready = t.translation(g.containers())
	}
	g.used, g.exact = g.ready.used, true
}

// containers returns the containers of a group, the oldest first.
func (g *group) containers() []*Container {
	cs := make([]*Container, len(g.members))
	for i, m := range g.members {
		cs[i] = m.c
	}
	slices.SortStableFunc(cs, byAge)
	return cs
}

// finish has the group written.
func (g *group) finish(t *Translator) {
	g.translate(t)
	g.end()
	lent := t.lent
	if len(g.ready.wide) > 0 {
		lent = nil // they are its own
	}
	g.outcome = g.ready.finish(lent)
	g.asked, g.drawn, g.borrowed, g.ready = g.ready.asked, g.ready.drawn, t.lentVersion, nil
}

// end takes what became of the group out of the lists of the Translator.
func (g *group) end() {
	if g.outcome != nil {
		g.outcome.over = true
	}
}

// valid says whether the outcome of the group is what it would be if it were translated now.
func (g *group) valid(t *Translator, catalogChanged bool) bool {
	for _, q := range g.asked {
		if t.o.answer(q) != q {
			return false
		}
	}
	if catalogChanged {
		for _, d := range g.drawn {
			if t.catalog.oldest(d.key) != d.mw {
				return false
			}
		}
	}
	return true
}
