package balancer

import (
	"strings"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/state"
)

// groupKey is the key of what survives of a balancer.
func groupKey(owner, name string) string { return groupPrefix + owner + "|" + name }

const groupPrefix = "balancer|"

// former returns the owner of the state of the balancer that d was before it was
// renamed, "" for none, and takes over its group. A balancer that a server did not
// have is one that the server had and has no more, if that had more than half of
// its members; of several the one with the most, of those the first by name.
func (b *Builder) former(d *Definition, owner string, c forward.Defaults) (was string) {
	lease := b.Backends.Lease
	if lease.Has(groupKey(owner, d.Name)) {
		return ""
	}
	most, found := len(d.Members.Own())/2, ""
	for _, name := range b.groups(owner) {
		if defs := b.names[owner]; defs != nil && defs.Find(name) != nil || !lease.Has(groupKey(owner, name)) {
			continue
		}
		if n := b.common(d, owner+"|"+name, c); n > most || n == most && found != "" && name < found {
			most, found = n, name
		}
	}
	if found == "" || !lease.Adopt(groupKey(owner, d.Name), groupKey(owner, found)) {
		return ""
	}
	return owner + "|" + found
}

// groups returns the names of the balancers that an owner had when the build began
// to look: there may be thousands of owners.
func (b *Builder) groups(owner string) []string {
	if b.known == nil {
		b.known = make(map[string][]string)
		state.Each(b.Backends.Lease.Registry(), func(key string, _ *balance.Group) {
			key, ok := strings.CutPrefix(key, groupPrefix)
			if i := strings.LastIndexByte(key, '|'); ok && i >= 0 {
				b.known[key[:i]] = append(b.known[key[:i]], key[i+1:])
			}
		})
	}
	return b.known[owner]
}

// common counts the members of d that a former owner has.
func (b *Builder) common(d *Definition, former string, c forward.Defaults) (n int) {
	for _, w := range d.Members.Own() {
		if b.Backends.Lease.Has(scoreKey + b.Backends.StateKey(former, w.URL, named(w), &w.Params, c)) {
			n++
		}
	}
	return n
}
