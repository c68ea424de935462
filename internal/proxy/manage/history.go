package manage

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// keep is how many entries the history has.
const keep = 1000

// Entry is a change that was made. A copy.
type Entry struct {
	ID                       int64 // counts from 1 for a process
	At                       time.Time
	By                       Actor
	Op                       Op
	Server, Balancer, Member string
	Diffs                    []Diff
	Undoes                   int64 // the entry that this one took back; 0: none
	UndoneBy                 int64 // the entry that took this one back; 0: none
}

// history is the latest changes, oldest first.
type history struct {
	list []Entry
	next int64
}

func (h *history) add(e Entry) Entry {
	h.next++
	e.ID = h.next
	if len(h.list) == keep {
		h.list = slices.Delete(h.list, 0, 1)
	}
	h.list = append(h.list, e)
	return e
}

// find returns the entry of an id; nil: it is not there, or no longer.
func (h *history) find(id int64) *Entry {
	for i := range h.list {
		if h.list[i].ID == id {
			return &h.list[i]
		}
	}
	return nil
}

// String is who it was, for a log: "alice at 10.0.0.7 by balancer-manager".
func (a Actor) String() string {
	out := a.User
	if out == "" {
		out = "somebody"
	}
	if a.Addr != "" {
		out += " at " + a.Addr
	}
	return out + " by " + a.Via
}

// String is the line of the log.
func (e Entry) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "change %d by %s: %s%s", e.ID, e.By, scheme, e.Balancer)
	if e.Server != "" {
		fmt.Fprintf(&b, " of %s", e.Server)
	}
	if e.Member != "" {
		fmt.Fprintf(&b, ", member %s", e.Member)
	}
	if e.Op != Set {
		fmt.Fprintf(&b, ": %s", e.Op)
	}
	if e.Undoes != 0 {
		fmt.Fprintf(&b, ": undo of %d", e.Undoes)
	}
	for i, d := range e.Diffs {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		fmt.Fprintf(&b, "%s%s %q -> %q", sep, d.Field, d.Old, d.New)
	}
	return b.String()
}

// Filter says which entries of the history are wanted. The zero value wants all.
type Filter struct {
	Server   *string // nil: of any server
	Balancer string  // "": any
	Member   string  // "": any
	Most     int     // the latest so many; 0: all there are
}

// History returns the latest changes, the newest first.
func (m *Manager) History(f Filter) (out []Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := len(m.history.list) - 1; i >= 0 && (f.Most == 0 || len(out) < f.Most); i-- {
		e := m.history.list[i]
		if f.Server != nil && *f.Server != e.Server || f.Balancer != "" && f.Balancer != e.Balancer || f.Member != "" && f.Member != e.Member {
			continue
		}
		e.Diffs = slices.Clone(e.Diffs)
		out = append(out, e)
	}
	return out
}
