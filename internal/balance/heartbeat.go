package balance

import (
	"math/rand/v2"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// beatWait is how long an exchange that waits for a member leaves heartbeats
// unlooked at.
const beatWait = 100 * time.Millisecond

// byHeartbeat elects at random by how many requests members say that they have
// room for; those that say nothing are not elected (httpd:
// mod_lbmethod_heartbeat).
func byHeartbeat(v *view, x *exchange.Exchange, tried []*Member) int {
	if v.beats == nil {
		return -1
	}
	total := 0
	for i := range v.entries {
		if m := v.entries[i].m; !hasMember(tried, m) {
			total += v.beats.Slots(x.Loop, m.Worker.Host)
		}
	}
	if total <= 0 {
		return -1
	}
	left, last := rand.IntN(total), -1
	for i := range v.entries {
		m := v.entries[i].m
		if hasMember(tried, m) {
			continue
		}
		n := v.beats.Slots(x.Loop, m.Worker.Host)
		if n <= 0 {
			continue
		}
		if last = i; left < n {
			return i
		}
		left -= n
	}
	return last // they said less meanwhile
}

// everybody appends to dst the members of list that can be used, whatever their
// set: heartbeat knows neither sets nor spares nor standbys (httpd).
//
// Ours: one that drains is not elected.
func everybody(dst, list []*Member, now time.Time, retry bool) []*Member {
	for _, m := range list {
		if !m.is(param.StatusDrain) && (retry && m.usable(now) || !m.is(worker.Unusable)) {
			dst = append(dst, m)
		}
	}
	return dst
}
