package manage

import (
	"strings"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/proxy/param"
)

// Manager is what people and programs do with the balancers of a process. It is
// pointed at those of the snapshot that is current. New makes one.
type Manager struct {
	saving chan struct{} // has room for the one that writes the file of BalancerPersist
	saved  []byte        // what the file has; only the one that writes looks at it

	restored bool // the file was read, or there was none to read; guarded by mu

	mu        lock.Mutex        // guards what follows, and every change of a balancer that is made here
	nonces    map[string]string // of balancers whose configuration has none, by key
	catalog   *Catalog
	overrides overrides
	history   history
}

// New makes a Manager, which has no balancers before Publish.
func New() *Manager {
	return &Manager{catalog: new(Catalog), overrides: make(overrides), saving: make(chan struct{}, 1)}
}

// Publish points the Manager at the balancers of a snapshot that is about to become
// current. What was changed at run time is changed in those that are new, too, unless
// their configuration now says something else about it.
func (m *Manager) Publish(c *Catalog) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.catalog = c
	m.restore(c)
	kept := make(overrides)
	for _, s := range c.all {
		m.overrides.rename(s.formerKey(), s.key)
	}
	for _, s := range c.all {
		switch o := m.overrides[s.key]; {
		case !s.published:
			s.published = true
			m.carry(kept, s)
		case o != nil:
			kept[s.key] = o
		}
	}
	m.overrides = kept
}

// Each calls f for every balancer once, with the name of the server that has it.
func (m *Manager) Each(f func(server string, b *balance.Balancer)) {
	m.mu.Lock()
	c := m.catalog
	m.mu.Unlock()
	for _, s := range c.all {
		f(s.server, s.Live.Balancer())
	}
}

// carry makes the changes of a balancer again, and notes in kept those that hold.
func (m *Manager) carry(kept overrides, s *subject) {
	b := s.Live.Balancer()
	c := b.Config
	for name, o := range m.overrides.of(s.key, "") {
		f := find(balancerFields[:], name)
		if f.configured(s.configParams()) == o.Said && f.apply(&c, param.OfBalancer, o.Value, s.known()) == nil {
			kept.note(s.key, "", name, o.Value, o.Said)
		}
	}
	if len(kept.of(s.key, "")) > 0 {
		s.Live.Configure(c)
	}
	m.carryMembers(kept, s)
	for _, one := range b.Members.List() {
		m.carryMember(kept, s, one)
	}
}

// carryMember is carry for a member. Its flags have survived with its state, or
// have been changed by the new configuration (worker.Health.Configure).
func (m *Manager) carryMember(kept overrides, s *subject, one *balance.Member) {
	url := one.Worker.Name
	p := s.memberParams(url)
	next, changed := *one, false
	for name, o := range m.overrides.of(s.key, url) {
		if letter, ok := flagOf(name); ok {
			flag := param.StatusOf(letter)
			if said := flagText(letter, p.Status&flag != 0); said == o.Said {
				set, clear, _ := parseFlags(o.Value)
				one.Health().Set(set, clear)
				kept.note(s.key, url, name, o.Value, o.Said)
			}
			continue
		}
		f := find(memberFields[:], name)
		if f.configured(p) == o.Said && f.apply(&next, param.OfWorker, o.Value, s.known()) == nil {
			kept.note(s.key, url, name, o.Value, o.Said)
			changed = true
		}
	}
	if changed {
		s.replace(one, &next)
	}
}

// List returns the balancers that a server has, also those that it inherits.
func (m *Manager) List(server string) (out []Balancer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if n := m.catalog.server(server); n != nil {
		for _, s := range n.has {
			out = append(out, m.view(s))
		}
	}
	return out
}

// All returns the balancers of all servers, each once.
func (m *Manager) All() (out []Balancer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.catalog.all {
		out = append(out, m.view(s))
	}
	return out
}

// subject returns the balancer that a server has under a name.
func (m *Manager) subject(server, name string) (*subject, error) {
	n := m.catalog.server(server)
	if n == nil {
		return nil, &Error{Kind: NotFound, Reason: "there is no server " + server}
	}
	name = strings.TrimPrefix(name, scheme)
	for _, s := range n.has {
		if s.name() == name {
			return s, nil
		}
	}
	return nil, &Error{Kind: NotFound, Reason: "there is no balancer " + name}
}
