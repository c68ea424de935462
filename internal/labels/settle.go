package labels

import "slices"

// settle puts containers that are in no group into groups. What a container uses by itself says which groups it is likely
// to belong to; what a group uses once it is translated decides.
func (t *Translator) settle(loose []*member) {
	if len(loose) == 0 {
		return
	}
	open := t.likely(loose)
	for len(open) > 0 {
		g := open[len(open)-1]
		open = open[:len(open)-1]
		switch others := t.concerned(g); {
		case len(others) > 0:
			for _, o := range others {
				t.leave(o)
				g.members = append(g.members, o.members...)
			}
			g.ready = nil
			g.translate(t)
			open = append(open, g)
		case !g.exact:
			g.translate(t)
			open = append(open, g)
		default:
			t.enter(g)
		}
	}
}

// concerned returns the groups that use a name that a group uses, too.
func (t *Translator) concerned(g *group) (others []*group) {
	seen := map[*group]bool{}
	for _, u := range g.used {
		for _, o := range t.index.colliding(u) {
			if !seen[o] {
				seen[o] = true
				others = append(others, o)
			}
		}
	}
	return others
}

func (t *Translator) enter(g *group) {
	t.index.add(g)
	t.groups = append(t.groups, g)
}

func (t *Translator) leave(g *group) {
	g.end()
	t.index.remove(g)
	t.groups = slices.DeleteFunc(t.groups, func(o *group) bool { return o == g })
}

// likely divides containers by the names that they use by themselves.
func (t *Translator) likely(loose []*member) (groups []*group) {
	p := pool{names: map[uint64]users{}, parent: map[*group]*group{}}
	for _, m := range loose {
		g := &group{members: []*member{m}}
		if m.alone == nil {
			g.translate(t)
			m.alone = likelyUses(g.used)
		}
		g.used, g.exact = m.alone, false
		p.add(g)
	}
	for _, g := range p.all {
		if root := p.root(g); root != g {
			root.members, root.used, root.ready = append(root.members, g.members...), append(root.used, g.used...), nil
			continue
		}
		groups = append(groups, g)
	}
	return groups
}

// likelyUses are the uses of a container alone. What it seeks it may find in its scope once it is not alone.
func likelyUses(used []use) []use {
	return slices.Clip(slices.DeleteFunc(slices.Clone(used), func(u use) bool { return u.how == seeks }))
}

// pool joins groups that use the same names.
type pool struct {
	all    []*group
	names  map[uint64]users
	parent map[*group]*group
}

// users are the groups that use a name in one way. Those that do not go together are joined, and then one stands for all.
type users struct {
	how    how
	groups []*group
}

func (p *pool) add(g *group) {
	p.all = append(p.all, g)
	for _, u := range g.used {
		had, known := p.names[u.key]
		switch {
		case !known:
			had.how, had.groups = u.how, []*group{g}
		case !u.how.collides(had.how):
			had.groups = append(had.groups, g)
		default:
			for _, o := range had.groups {
				p.join(o, g)
			}
			had.how, had.groups = owns, had.groups[:1]
		}
		p.names[u.key] = had
	}
}

func (p *pool) join(a, b *group) {
	if a, b = p.root(a), p.root(b); a != b {
		p.parent[b] = a
	}
}

// root is the group that a group is joined to.
func (p *pool) root(g *group) *group {
	for p.parent[g] != nil {
		if next := p.parent[p.parent[g]]; next != nil {
			p.parent[g] = next
		}
		g = p.parent[g]
	}
	return g
}
