package balance

import (
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
)

// Eligible appends to dst the members of list that may be elected now, in their
// order. They are all of the lowest set that has any: its usable members, plus
// one hot spare for each member that is not usable, else its hot standbys. It
// makes members in error usable again once their retry time has passed (httpd:
// ap_proxy_balancer_get_best_worker).
func Eligible(dst, list []*Member, now time.Time) []*Member {
	for set, more := lowest(list); more; set, more = next(list, set) {
		if out := inSet(dst, list, set, now); len(out) > len(dst) {
			return out
		}
	}
	return dst
}

// inSet is Eligible for one set.
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

// Recover clears the error of every member if all of them are in error, because
// trying them loses nothing then, and reports whether it did (httpd:
// force_recovery). Members that a health check failed are not in error: only a
// check brings them back.
func Recover(list []*Member) bool {
	for _, m := range list {
		if !m.is(param.StatusError) {
			return false
		}
	}
	for _, m := range list {
		m.Health().Recover()
	}
	return len(list) > 0
}
