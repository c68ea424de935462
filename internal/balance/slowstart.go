package balance

import (
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// A member with slowstart= that comes back, or is added while others serve, gets
// a share that grows linearly to what its method would give it. It begins with
// the first election that it may take part in.

// away are the flags of a member that gets no new sessions.
const away = worker.Unusable | param.StatusDrain

// NewScore makes the score of a new member; added: others of its balancer are in
// service already.
func NewScore(added bool) *Score {
	s := new(Score)
	s.away.Store(added)
	return s
}

// Watch has elections of g look again whenever the flags of m change.
func (m *Member) Watch(g *Group) {
	s := m.Score
	m.Health().OnChange(func() {
		if m.is(away) {
			s.away.Store(true)
		}
		g.Changed()
	})
}

// returns notes at now that m takes part in elections, and says when it has its
// full share.
func (m *Member) returns(now time.Time) time.Time {
	if m.Score.away.Load() && m.Score.away.CompareAndSwap(true, false) {
		m.Score.returned.Store(now.UnixNano())
	}
	if m.SlowStart == 0 {
		return time.Time{}
	}
	return time.Unix(0, m.Score.returned.Load()).Add(m.SlowStart)
}

// slowStart finds the entries that have returned lately.
func (v *view) slowStart(now time.Time) {
	for i := range v.entries {
		if full := v.entries[i].m.returns(now); full.After(now) {
			v.slow = true
			if v.until.IsZero() || full.Before(v.until) {
				v.until = full
			}
		}
	}
	if v.slow {
		v.order.Store(nil) // members have their turns in no order that repeats
	}
}

// accepts says whether m, which its method has elected, gets the request: as many
// of those for it as its growing share says, evenly spread. Where the key of a
// request elects, it is the same keys that are accepted from their time on.
func (v *view) accepts(m *Member, x *exchange.Exchange) bool {
	if m.SlowStart == 0 {
		return true
	}
	since := x.Loop.Now().UnixNano() - m.Score.returned.Load()
	if since >= int64(m.SlowStart) {
		return true
	}
	place := m.Score.offers.Add(1) * 0x9e3779b9 // by the golden ratio: each is far from those before
	if v.hash != nil {
		if h, ok := v.hash.key.hash(x); ok {
			place = uint32(h)
		}
	}
	return float64(place)*float64(m.SlowStart) < float64(since)*(1<<32)
}

// electSlowly elects where members have returned lately: those that do not accept
// are passed over, unless there is nobody else.
func (b *Balancer) electSlowly(v *view, x *exchange.Exchange, tried []*Member) int {
	list, _ := b.passed.Get().(*[]*Member)
	if list == nil {
		list = new([]*Member)
	}
	*list = append((*list)[:0], tried...)
	first := -1
	for {
		i := b.Method.elect(v, x, *list)
		if i < 0 || v.accepts(v.entries[i].m, x) {
			if i >= 0 {
				first = i
			}
			break
		}
		if first < 0 {
			first = i
		}
		*list = append(*list, v.entries[i].m)
	}
	clear(*list)
	b.passed.Put(list)
	return first
}
