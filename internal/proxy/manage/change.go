package manage

import (
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/proxy/param"
)

// Op is what a change does.
type Op string

// The ways to change a balancer.
const (
	Set    Op = "set"    // settings of a member, or of the balancer where no member is named
	Add    Op = "add"    // a member
	Remove Op = "remove" // a member
)

// Actor is who makes a change.
type Actor struct {
	User string // as authenticated; "": nobody asked for one
	Addr string // of the client; the user's name on this machine for ctl
	Via  string // "balancer-manager", "api", "ctl", "undo"
}

// Change is what is asked for. Server is a server that has the balancer, if only
// by inheritance.
type Change struct {
	Server, Balancer, Member string
	Op                       Op
	Settings                 []param.Setting // by httpd's names: "loadfactor", "status" ("+D-N"), "lbmethod", …
}

// ErrorKind says what is wrong with a change.
type ErrorKind uint8

// The kinds of errors.
const (
	Invalid     ErrorKind = iota // a value, or the name of a setting
	NotFound                     // there is no such server, balancer, member or entry
	Conflict                     // it is not as the change takes it to be
	Unsupported                  // it cannot be changed at run time
)

// Error is why a change was not made. Nothing has changed.
type Error struct {
	Kind   ErrorKind
	Field  string // the setting, if one is wrong
	Reason string
}

// Error returns the setting and the reason.
func (e *Error) Error() string {
	if e.Field == "" {
		return e.Reason
	}
	return e.Field + ": " + e.Reason
}

// Diff is one setting that changed.
type Diff struct {
	Field string `json:"field"`
	Old   string `json:"old"`
	New   string `json:"new"`
}

// Apply makes a change: all of it, or nothing and an *Error. It is logged and kept
// in the history, and with BalancerPersist in a file before it returns, so it must
// not be called on a loop. A change that changes nothing is neither, and its Entry has no
// ID.
func (m *Manager) Apply(by Actor, c Change) (Entry, error) {
	m.mu.Lock()
	e, log, err := m.apply(by, c)
	m.mu.Unlock()
	if err == nil && e.ID != 0 {
		log(e)
		m.save()
	}
	return e, err
}

// apply is Apply with the lock held; what it returns logs the entry.
func (m *Manager) apply(by Actor, c Change) (Entry, func(Entry), error) {
	s, err := m.subject(c.Server, c.Balancer)
	if err != nil {
		return Entry{}, nil, err
	}
	var diffs []Diff
	switch {
	case c.Op == Set && c.Member == "":
		diffs, err = m.setBalancer(s, c.Settings)
	case c.Op == Set:
		diffs, err = m.setMember(s, c.Member, c.Settings, by)
	case c.Member == "":
		err = &Error{Kind: Invalid, Reason: "no member is named"}
	case c.Op == Add:
		c.Member, diffs, err = m.addMember(s, c.Member, c.Settings, by)
	case c.Op == Remove:
		diffs, err = m.removeMember(s, c.Member)
	default:
		err = &Error{Kind: Invalid, Reason: "there is no change " + string(c.Op)}
	}
	if err != nil {
		return Entry{}, nil, err
	}
	e := Entry{At: time.Now(), By: by, Op: c.Op, Server: s.server, Balancer: s.name(), Member: c.Member, Diffs: diffs}
	if len(diffs) > 0 || c.Op != Set {
		e = m.history.add(e)
	}
	return e, s.log, nil
}

// known says which names settings may refer to.
var known = param.Known{HealthCheck: true, Method: func(name string) bool { return balance.MethodOf(name) != nil }}

// setBalancer changes settings of a balancer.
func (m *Manager) setBalancer(s *subject, settings []param.Setting) (diffs []Diff, err error) {
	b := s.Live.Balancer()
	c := b.Config
	for _, set := range settings {
		f := find(balancerFields[:], set.Key)
		if f == nil {
			return nil, &Error{Kind: Invalid, Field: set.Key, Reason: "is no setting of a balancer that can be changed: " + names(balancerFields[:])}
		}
		old := f.get(&c)
		if err := f.apply(&c, param.OfBalancer, set.Value, s.known()); err != nil {
			return nil, err
		}
		if now := f.get(&c); now != old {
			diffs = append(diffs, Diff{f.name, old, now})
		}
	}
	if len(diffs) == 0 {
		return nil, nil
	}
	for _, d := range diffs {
		m.overrides.note(s.key, "", d.Field, d.New, find(balancerFields[:], d.Field).configured(s.configParams()))
	}
	s.Live.Configure(c)
	return diffs, nil
}

// setMember changes settings of a member.
func (m *Manager) setMember(s *subject, url string, settings []param.Setting, by Actor) (diffs []Diff, err error) {
	old := s.member(url)
	if old == nil {
		return nil, &Error{Kind: NotFound, Reason: "balancer " + s.name() + " has no member " + url}
	}
	next := *old
	var set, clear param.Status
	for _, one := range settings {
		if ascii.EqualFold(one.Key, status) {
			on, off, err := parseFlags(one.Value)
			if err != nil {
				return nil, err
			}
			set, clear = set&^off|on, clear&^on|off
			continue
		}
		f := find(memberFields[:], one.Key)
		if f == nil {
			return nil, &Error{Kind: Invalid, Field: one.Key, Reason: "is no setting of a member that can be changed: status, " + names(memberFields[:])}
		}
		before := f.get(&next)
		if err := f.apply(&next, param.OfWorker, one.Value, s.known()); err != nil {
			return nil, err
		}
		if now := f.get(&next); now != before {
			diffs = append(diffs, Diff{f.name, before, now})
		}
	}
	if next.Check != old.Check {
		if err := s.Live.Checkable(&next, &next.Check); err != nil {
			return nil, errChecks(err)
		}
	}
	if len(diffs) > 0 {
		s.replace(old, &next)
	}
	p := s.memberParams(url)
	for _, d := range diffs {
		m.overrides.note(s.key, url, d.Field, d.New, find(memberFields[:], d.Field).configured(p))
	}
	if next.Factor != old.Factor {
		s.restart(func(m *balance.Member) int64 { return int64(m.Factor) }) // httpd: recalc_factors
	}
	return append(diffs, m.setFlags(s, &next, set, clear, p, by)...), nil
}

// setFlags changes the flags of a member.
func (m *Manager) setFlags(s *subject, one *balance.Member, set, clear param.Status, p *param.Params, by Actor) (diffs []Diff) {
	h := one.Health()
	was := h.Status()
	for i := range letters {
		flag := param.StatusOf(letters[i])
		on := set&flag != 0
		if (set|clear)&flag == 0 || on == (was&flag != 0) {
			continue
		}
		diffs = append(diffs, Diff{status, flagText(letters[i], !on), flagText(letters[i], on)})
		if flag&lasting != 0 {
			m.overrides.note(s.key, one.Worker.Name, flagField(letters[i]), flagText(letters[i], on), flagText(letters[i], p.Status&flag != 0))
		}
	}
	if len(diffs) == 0 {
		return nil
	}
	if clear&param.StatusError != 0 && was&param.StatusError != 0 {
		h.Recover()
	}
	h.Because(by.String())
	h.Set(set, clear)
	return diffs
}
