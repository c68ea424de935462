package manage

import "slices"

// overrides are the settings that were changed at run time, by balancer.
type overrides map[string]*balancerOverrides

// balancerOverrides are those of one balancer and its members.
type balancerOverrides struct {
	own     map[string]override            // by field
	members map[string]map[string]override // by URL and field
	added   []added
	removed []removed
}

// override is one setting that was changed.
type override struct {
	Value string `json:"value"`
	Said  string `json:"said"` // what the configuration said then
}

// note remembers that a setting was changed; it forgets one that is again as the
// configuration says.
func (o overrides) note(key, url, field, value, said string) {
	b := o.balancer(key)
	at := b.own
	if url != "" {
		if at = b.members[url]; at == nil {
			at = make(map[string]override)
			b.members[url] = at
		}
	}
	if value == said {
		delete(at, field)
		return
	}
	at[field] = override{Value: value, Said: said}
}

// balancer returns what was changed of a balancer, to add to it.
func (o overrides) balancer(key string) *balancerOverrides {
	b := o[key]
	if b == nil {
		b = &balancerOverrides{own: make(map[string]override), members: make(map[string]map[string]override)}
		o[key] = b
	}
	return b
}

// rename moves the changes of one balancer to another that has none.
func (o overrides) rename(from, to string) {
	if b := o[from]; b != nil && o[to] == nil {
		o[to] = b
		delete(o, from)
	}
}

// of returns what was changed of a member, or of the balancer itself for "".
func (o overrides) of(key, url string) map[string]override {
	b := o[key]
	switch {
	case b == nil:
		return nil
	case url == "":
		return b.own
	}
	return b.members[url]
}

// changed lists the settings of a member that are not as configured, sorted.
func (o overrides) changed(key, url string) (list []string) {
	for f := range o.of(key, url) {
		if _, ok := flagOf(f); ok {
			f = status
		}
		if !slices.Contains(list, f) {
			list = append(list, f)
		}
	}
	slices.Sort(list)
	return list
}
