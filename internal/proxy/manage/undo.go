package manage

import (
	"fmt"
	"slices"

	"github.com/headgate/headgate/internal/proxy/param"
)

// Undo takes a change back. It is a Conflict where what the change made has been
// changed since, and where it was taken back already. An undo can be undone too.
func (m *Manager) Undo(by Actor, id int64) (Entry, error) {
	m.mu.Lock()
	e, log, err := m.undo(by, id)
	m.mu.Unlock()
	if err == nil {
		log(e)
		m.save()
	}
	return e, err
}

func (m *Manager) undo(by Actor, id int64) (Entry, func(Entry), error) {
	of := m.history.find(id)
	switch {
	case of == nil:
		return Entry{}, nil, &Error{Kind: NotFound, Reason: fmt.Sprintf("there is no change %d, or it is too long ago", id)}
	case of.UndoneBy != 0:
		return Entry{}, nil, &Error{Kind: Conflict, Reason: fmt.Sprintf("change %d was taken back by change %d", id, of.UndoneBy)}
	}
	c, err := m.reverse(of)
	if err != nil {
		return Entry{}, nil, err
	}
	e, log, err := m.apply(by, c)
	switch {
	case err != nil:
		return Entry{}, nil, err
	case e.ID == 0:
		return Entry{}, nil, &Error{Kind: Conflict, Reason: fmt.Sprintf("there is nothing left of change %d to take back", id)}
	}
	m.history.find(e.ID).Undoes = id
	if of = m.history.find(id); of != nil { // unless the history was full
		of.UndoneBy = e.ID
	}
	e.Undoes = id
	return e, log, nil
}

// reverse returns the change that takes an entry back.
func (m *Manager) reverse(e *Entry) (Change, error) {
	c := Change{Server: e.Server, Balancer: e.Balancer, Member: e.Member, Op: e.Op}
	switch e.Op {
	case Add:
		c.Op = Remove
		return c, nil
	case Remove:
		c.Op = Add
		for _, d := range e.Diffs {
			c.Settings = append(c.Settings, param.Setting{Key: d.Field, Value: d.Old})
		}
		return c, nil
	}
	s, err := m.subject(e.Server, e.Balancer)
	if err != nil {
		return c, err
	}
	for _, d := range slices.Backward(e.Diffs) {
		if d.Field == status && d.Old == "+E" {
			continue // an error is not made by hand
		}
		now, err := s.setting(e.Member, d.Field, d.New)
		if err != nil {
			return c, err
		}
		if now != d.New {
			return c, &Error{Kind: Conflict, Field: d.Field, Reason: fmt.Sprintf("it is %q now, not %q as change %d made it", now, d.New, e.ID)}
		}
		c.Settings = append(c.Settings, param.Setting{Key: d.Field, Value: d.Old})
	}
	return c, nil
}

// setting returns what a setting is now: of a member, or of the balancer for "".
// For a flag, like tells which.
func (s *subject) setting(member, name, like string) (string, error) {
	if member == "" {
		c := s.Live.Balancer().Config
		if f := find(balancerFields[:], name); f != nil {
			return f.get(&c), nil
		}
		return "", &Error{Kind: NotFound, Reason: "there is no setting " + name}
	}
	one := s.member(member)
	if one == nil {
		return "", &Error{Kind: NotFound, Reason: "balancer " + s.name() + " has no member " + member}
	}
	if name == status && len(like) == 2 {
		return flagText(like[1], one.Health().Has(param.StatusOf(like[1]))), nil
	}
	if f := find(memberFields[:], name); f != nil {
		return f.get(one), nil
	}
	return "", &Error{Kind: NotFound, Reason: "there is no setting " + name}
}
