package manage

import (
	"errors"
	"slices"

	"github.com/headgate/headgate/internal/proxy/param"
)

// added is a member that was added at run time.
type added struct {
	URL      string          `json:"url"`
	Settings []param.Setting `json:"settings,omitempty"` // as it was added with
}

// removed is a member of the configuration that was removed at run time.
type removed struct {
	URL  string `json:"url"`
	Said string `json:"said"` // its directive's settings then
}

// addMember adds a member, with the parameters of BalancerMember.
func (m *Manager) addMember(s *subject, url string, settings []param.Setting, by Actor) (string, []Diff, error) {
	one, err := s.Live.NewMember(url, settings)
	if err != nil {
		return "", nil, &Error{Kind: Invalid, Reason: err.Error()}
	}
	url = one.Worker.Name
	if s.member(url) != nil {
		one.Lease.Release()
		return "", nil, &Error{Kind: Conflict, Reason: "balancer " + s.name() + " has a member " + url}
	}
	if err := s.Live.Add(one); err != nil {
		return "", nil, &Error{Kind: Conflict, Reason: err.Error()}
	}
	one.Health().Because("added by " + by.String())
	o := m.overrides.balancer(s.key)
	delete(o.members, url)
	if i := slices.IndexFunc(o.removed, func(r removed) bool { return r.URL == url }); i >= 0 {
		o.removed = slices.Delete(o.removed, i, i+1)
	}
	o.added = append(o.added, added{URL: url, Settings: settings})
	s.noteAdded(url, settings)
	var diffs []Diff
	for _, set := range settings {
		diffs = append(diffs, Diff{Field: set.Key, New: set.Value})
	}
	return url, diffs, nil
}

// removeMember removes a member. The diffs have what it would be added with again.
func (m *Manager) removeMember(s *subject, url string) (diffs []Diff, err error) {
	one := s.member(url)
	if one == nil {
		return nil, &Error{Kind: NotFound, Reason: "balancer " + s.name() + " has no member " + url}
	}
	o := m.overrides.balancer(s.key)
	was := ConfiguredMember{URL: url, Params: s.memberParams(url)}
	if i := slices.IndexFunc(o.added, func(a added) bool { return a.URL == url }); i >= 0 {
		was.Settings = o.added[i].Settings
		o.added = slices.Delete(o.added, i, i+1)
		delete(s.added, url)
	} else if conf := s.configured(url); conf != nil {
		was.Settings = conf.Settings
		o.removed = append(o.removed, removed{URL: url, Said: s.said(conf)})
	} else {
		return nil, &Error{Kind: Unsupported, Reason: url + " was made by expand=: it goes when its name no longer has the address"}
	}
	for _, set := range changedSettings(&was, o.members[url]) {
		diffs = append(diffs, Diff{Field: set.Key, Old: set.Value})
	}
	delete(o.members, url)
	s.Live.Remove(one)
	s.Live.Balancer().Group.Changed()
	return diffs, nil
}

// configured returns what the configuration says of a member; nil: it has none
// with that URL.
func (s *subject) configured(url string) *ConfiguredMember {
	for i := range s.Members {
		if s.Members[i].URL == url {
			return &s.Members[i]
		}
	}
	return nil
}

// said is what a member's directive says, as one text.
func (s *subject) said(c *ConfiguredMember) string { return s.line(c.URL, c.Settings) }

// noteAdded keeps what a member was added with, as the configuration's word for it.
func (s *subject) noteAdded(url string, settings []param.Setting) {
	p := param.Default()
	_ = p.SetAll(param.OfWorker, settings, s.known()) // NewMember has read them
	if s.added == nil {
		s.added = make(map[string]*param.Params)
	}
	s.added[url] = &p
}

// carryMembers adds and removes again what was added to and removed from a
// balancer, unless the configuration says something else of the same member now.
func (m *Manager) carryMembers(kept overrides, s *subject) {
	o := m.overrides[s.key]
	if o == nil {
		return
	}
	for _, r := range o.removed {
		c := s.configured(r.URL)
		if c == nil || s.said(c) != r.Said {
			continue
		}
		if one := s.member(r.URL); one != nil {
			s.Live.Remove(one)
		}
		k := kept.balancer(s.key)
		k.removed = append(k.removed, r)
	}
	for _, a := range o.added {
		if s.configured(a.URL) != nil && s.member(a.URL) != nil {
			continue // it is permanent now
		}
		one, err := s.Live.NewMember(a.URL, a.Settings)
		if err == nil {
			err = s.Live.Add(one)
		}
		if err != nil {
			s.logf("member %s, added at run time, cannot be added to %s%s of this configuration: %v", a.URL, scheme, s.name(), err)
			continue
		}
		s.noteAdded(a.URL, a.Settings)
		k := kept.balancer(s.key)
		k.added = append(k.added, a)
	}
}

// errChecks is why checks of a member cannot be changed.
func errChecks(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Invalid, Field: "hcmethod", Reason: err.Error()}
}
