package manage

import (
	"fmt"
	"strings"
)

// Target is a balancer, or a member of one.
type Target struct {
	Server, Balancer, Member string
}

// Selector names balancers and members as people type them.
type Selector struct {
	Balancer string `json:"balancer,omitempty"` // "name", "server/name", "*" for all; "" where one is meant without doubt
	Member   string `json:"member,omitempty"`   // a URL, its host and port, or a part that only one has; "": the balancer
}

// Resolve returns what a selector names: one target, or several where it says "*".
// A name that could mean several is a Conflict that lists them.
func (m *Manager) Resolve(sel Selector) ([]Target, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list, err := m.named(sel.Balancer)
	if err != nil {
		return nil, err
	}
	var found []Target
	if sel.Member == "" {
		for _, s := range list {
			found = append(found, Target{Server: s.server, Balancer: s.name()})
		}
	} else if found, err = withMember(list, sel.Member); err != nil {
		return nil, err
	}
	if len(found) > 1 && sel.Balancer != "*" {
		return nil, &Error{Kind: Conflict, Reason: "several balancers could be meant, name one, or * for all: " + listed(found)}
	}
	return found, nil
}

// named returns the balancers that a selector's Balancer could mean.
func (m *Manager) named(name string) (list []*subject, err error) {
	server, short, both := "", strings.Replace(name, scheme, "", 1), false
	if i := strings.LastIndexByte(short, '/'); i >= 0 {
		server, short, both = short[:i], short[i+1:], true
	}
	for _, s := range m.catalog.all {
		if (short == "" || short == "*" || s.name() == short) && (!both || s.server == server) {
			list = append(list, s)
		}
	}
	switch {
	case len(list) > 0:
		return list, nil
	case len(m.catalog.all) == 0:
		return nil, &Error{Kind: NotFound, Reason: "the configuration has no balancer"}
	}
	var all []Target
	for _, s := range m.catalog.all {
		all = append(all, Target{Server: s.server, Balancer: s.name()})
	}
	return nil, &Error{Kind: NotFound, Reason: fmt.Sprintf("there is no balancer %s; there are %s", name, listed(all))}
}

// The ways to name a member, the most exact first. The first that fits any counts.
var ways = [...]func(url, text string) bool{
	func(url, text string) bool { return url == text },
	func(url, text string) bool {
		_, rest, _ := strings.Cut(url, "://")
		host, _, _ := strings.Cut(rest, "/")
		return host == text || rest == text
	},
	strings.Contains,
}

// withMember returns the members that a text names, at most one of each balancer.
func withMember(list []*subject, text string) (found []Target, err error) {
	for _, fits := range ways {
		for _, s := range list {
			var here []Target
			for _, one := range s.Live.Balancer().Members.List() {
				if fits(one.Worker.Name, text) {
					here = append(here, Target{s.server, s.name(), one.Worker.Name})
				}
			}
			if len(here) > 1 {
				return nil, &Error{Kind: Conflict, Reason: text + " could mean several members: " + listed(here)}
			}
			found = append(found, here...)
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	var all []Target
	for _, s := range list {
		for _, one := range s.Live.Balancer().Members.List() {
			all = append(all, Target{s.server, s.name(), one.Worker.Name})
		}
	}
	return nil, &Error{Kind: NotFound, Reason: fmt.Sprintf("there is no member %s; there are %s", text, listed(all))}
}

// String is the balancer as Selector takes it, and the member.
func (t Target) String() string {
	out := t.Balancer
	if t.Server != "" {
		out = t.Server + "/" + out
	}
	if t.Member != "" {
		out += " " + t.Member
	}
	return out
}

// mostListed limits what an error lists.
const mostListed = 10

func listed(all []Target) string {
	if len(all) == 0 {
		return "none"
	}
	var out []string
	for i, t := range all {
		if i == mostListed {
			out = append(out, fmt.Sprintf("and %d more", len(all)-i))
			break
		}
		out = append(out, t.String())
	}
	return strings.Join(out, ", ")
}
