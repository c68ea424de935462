package balancer

import (
	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/proxy/param"
)

// mostTold is how many members a fault tells of.
const mostTold = 8

// around adds to a fault how the members were: first those that cannot be used.
func (h *Handler) around(f *fault.Fault) *fault.Fault {
	f.Balancer = h.balancer.Name
	list := h.balancer.Members.List()
	f.Members = make([]fault.Member, 0, min(len(list), mostTold))
	for _, usable := range []bool{false, true} {
		for _, m := range list {
			if len(f.Members) == mostTold {
				return f
			}
			if told := tellOf(m); (told.State == string(param.StateOK)) == usable {
				f.Members = append(f.Members, told)
			}
		}
	}
	return f
}

func tellOf(m *balance.Member) fault.Member {
	busy := m.Worker.State.Busy.Load()
	t := fault.Member{Name: m.Worker.Name, State: string(param.StateOf(m.Health().Status(), busy)), Busy: busy}
	if t.State != string(param.StateOK) {
		t.Why = m.Health().Why()
	}
	return t
}
