package balance

import (
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// eligible appends to dst the members of list among which one may be elected
// now, in their order. They are of the lowest set in which there is one: its
// usable members with as many of its hot spares as it has members that are not
// usable, else its hot standbys. With retry members in error whose time has come
// are usable again by it (httpd: ap_proxy_balancer_get_best_worker). top is the
// highest set that was looked at.
func eligible(dst, list []*Member, now time.Time, retry bool) (out []*Member, top int) {
	fit := func(m *Member) bool {
		return !m.is(param.StatusDrain) && (retry && m.usable(now) || !m.is(worker.Unusable))
	}
	for set, more := lowest(list); more; set, more = next(list, set) {
		if out := inSet(dst, list, set, fit); len(out) > len(dst) {
			return out, set
		}
		top = set
	}
	return dst, top
}

// inSet is eligible for one set, of members that are fit.
func inSet(dst, list []*Member, set int, fit func(*Member) bool) []*Member {
	start, missing := len(dst), 0
	for _, m := range list {
		switch {
		case m.Set != set:
		case m.is(reserve):
		case !fit(m):
			missing++
		default:
			dst = append(dst, m)
		}
	}
	for _, m := range list {
		if missing > 0 && m.Set == set && m.is(param.StatusHotSpare) && fit(m) {
			dst = append(dst, m)
			missing--
		}
	}
	if len(dst) > start {
		return dst
	}
	for _, m := range list {
		if m.Set == set && m.is(param.StatusHotStandby) && !m.is(param.StatusHotSpare) && fit(m) {
			dst = append(dst, m)
		}
	}
	return dst
}

// reserve are the flags of members that only step in for others.
const reserve = param.StatusHotSpare | param.StatusHotStandby

func (m *Member) usable(now time.Time) bool { return m.Health().Usable(now, m.Retry) }

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

// Recover has members in error tried again whose time has come, those in front of
// the first that is in none. With force, where all are in error and the time of none
// has come, it clears the errors of all, as there is nothing to lose by trying them,
// and reports that it did (httpd: force_recovery). The time of one that has failed
// just now has not come, even with retry=0. Members that a health check failed are
// not in error: they come back by a check.
func Recover(list []*Member, now time.Time, force bool) bool {
	for _, m := range list {
		if !m.is(param.StatusError) {
			return false
		}
		if m.Health().FailedAt().Equal(now) {
			continue
		}
		if m.usable(now); !m.is(param.StatusError) {
			return false
		}
	}
	if !force {
		return false
	}
	for _, m := range list {
		m.Health().Recover()
	}
	return len(list) > 0
}
