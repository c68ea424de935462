package balancer

import (
	"slices"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/proxy/forward"
	"github.com/headgate/headgate/internal/state"
)

// groupKey is the key of what survives of a balancer.
func groupKey(owner, name string) string { return "balancer|" + owner + "|" + name }

// former returns the owner of the state of the balancer that d was before it was
// renamed, "" for none, and takes over its group. A balancer that a server did not
// have is one that the server had and has no more, if that had more than half of
// its members; of several the one with the most, of those the first by name.
func (b *Builder) former(d *Definition, owner string, c forward.Defaults) (was string) {
	lease, had := b.Backends.Lease, b.groups(owner, d.Name)
	if lease.Has(groupKey(owner, d.Name)) {
		return ""
	}
	most, found := len(d.Members.Own())/2, ""
	for _, name := range had {
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

// owned are the names of the balancers that an owner has, or had in a configuration
// that is still in use.
type owned struct {
	mu    lock.Mutex // guards what follows; builds are on different goroutines
	names []string   // sorted
	most  int        // how many there may be before those that are gone are dropped
}

// groups returns the names of the balancers that an owner has had, and adds one.
func (b *Builder) groups(owner, name string) []string {
	o := state.Attach(b.Backends.Lease, "balancers of|"+owner, func() (*owned, func()) { return new(owned), nil })
	o.mu.Lock()
	defer o.mu.Unlock()
	had := o.names
	if i, ok := slices.BinarySearch(had, name); !ok {
		if len(had) > o.most { // one snapshot or another always holds those of the main server
			had = slices.DeleteFunc(slices.Clone(had), func(n string) bool { return !b.Backends.Lease.Has(groupKey(owner, n)) })
			o.most = 2*len(had) + 16
			i, _ = slices.BinarySearch(had, name)
		}
		o.names = slices.Concat(had[:i], []string{name}, had[i:]) // others have the old one
	}
	return had
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
