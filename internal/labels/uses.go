package labels

import (
	"hash/maphash"
	"slices"
)

// use is a name that a translation has looked up or taken. Two groups of containers concern each other only if they use the
// same name: what one has taken the other cannot have, or would find.
type use struct {
	key uint64 // a hash of the name and its kind: names that share one are taken for the same, which does no harm
	how how
}

// how a name is used.
type how uint8

const (
	asks   how = iota // it was looked up
	seeks             // likewise, among all containers, as those of the same scope do not have it
	shares            // it was defined; others may define it too, and the oldest counts
	owns              // one group alone can have it
	hows              // how many ways there are
)

// collides says whether two groups concern each other if one uses a name so and the other in the way of o.
func (h how) collides(o how) bool { return h != o || h == owns }

// uses notes that a name is used.
func (t *translation) uses(h how, kind string, name ...string) {
	var m maphash.Hash
	m.SetSeed(t.seed)
	_, _ = m.WriteString(kind)
	for _, w := range name {
		_ = m.WriteByte(0)
		_, _ = m.WriteString(w)
	}
	t.used = append(t.used, use{m.Sum64(), h})
}

// index has who uses which names.
type index [hows]map[uint64][]*group

func newIndex() (x index) {
	for h := range x {
		x[h] = map[uint64][]*group{}
	}
	return x
}

func (x *index) add(g *group) {
	for _, u := range g.used {
		if users := x[u.how][u.key]; len(users) == 0 || users[len(users)-1] != g {
			x[u.how][u.key] = append(users, g)
		}
	}
}

func (x *index) remove(g *group) {
	for _, u := range g.used {
		users := slices.DeleteFunc(x[u.how][u.key], func(o *group) bool { return o == g })
		if len(users) == 0 {
			delete(x[u.how], u.key)
			continue
		}
		x[u.how][u.key] = users
	}
}

// colliding returns the groups that a use concerns.
func (x *index) colliding(u use) (groups []*group) {
	for h := range hows {
		if u.how.collides(h) {
			groups = append(groups, x[h][u.key]...)
		}
	}
	return groups
}
