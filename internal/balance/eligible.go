package balance

import (
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
)

// eligible appends to dst the members of list among which one may be elected
// now, in their order. They are of the lowest set in which there is one: its
// usable members with as many of its hot spares as it has members that are not
// usable, else its hot standbys. Members in error whose time has come are usable
// again by it (httpd: ap_proxy_balancer_get_best_worker). top is the highest set
// that was looked at.
func eligible(dst, list []*Member, now time.Time) (out []*Member, top int) {
	for set, more := lowest(list); more; set, more = next(list, set) {
		if out := inSet(dst, list, set, now); len(out) > len(dst) {
			return out, set
		}
		top = set
	}
	return dst, top
}

// inSet is eligible for one set.
func inSet(dst, list []*Member, set int, now time.Time) []*Member {
	start, missing := len(dst), 0
	for _, m := range list {
		switch {
		case m.Set != set:
		case m.is(reserve):
		case m.is(param.StatusDrain) || !m.usable(now):
			missing++
		default:
			dst = append(dst, m)
		}
	}
	for _, m := range list {
		if missing > 0 && m.Set == set && m.is(param.StatusHotSpare) && m.available(now) {
			dst = append(dst, m)
			missing--
		}
	}
	if len(dst) > start {
		return dst
	}
	for _, m := range list {
		if m.Set == set && m.is(param.StatusHotStandby) && !m.is(param.StatusHotSpare) && m.available(now) {
			dst = append(dst, m)
		}
	}
	return dst
}

// reserve are the flags of members that only step in for others.
const reserve = param.StatusHotSpare | param.StatusHotStandby

func (m *Member) usable(now time.Time) bool { return m.Health().Usable(now, m.Retry) }

// available says whether a spare or standby may step in: it is usable and does
// not drain.
func (m *Member) available(now time.Time) bool { return !m.is(param.StatusDrain) && m.usable(now) }

// lowest returns the lowest set of a list; false: it is empty.
func lowest(list []*Member) (set int, ok bool) {
	for _, m := range list {
		if !ok || m.Set < set {
			set, ok = m.Set, true
		}
	}
	return set, ok
}

// next returns the lowest set above one.
func next(list []*Member, above int) (set int, ok bool) {
	for _, m := range list {
		if m.Set > above && (!ok || m.Set < set) {
			set, ok = m.Set, true
		}
	}
	return set, ok
}

// Recover clears the error of every member where all are in error and the time
// of none has come, as there is nothing to lose by trying them, and reports
// whether it did (httpd: force_recovery). Members that a health check failed are
// not in error: they come back by a check.
func Recover(list []*Member, now time.Time) bool {
	for _, m := range list {
		if !m.is(param.StatusError) {
			return false
		}
		if m.usable(now); !m.is(param.StatusError) {
			return false
		}
	}
	for _, m := range list {
		m.Health().Recover()
	}
	return len(list) > 0
}
