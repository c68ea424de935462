package balance

import (
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// Outlier detection takes members out whose requests fail while the others' do
// not: after so many faults in a row, or where too large a share of the latest
// requests failed. A member that is out is in error, for a time that grows each
// time it happens, and there are never more of them than a set share.

// outcomes are how the latest requests of a member ended.
type outcomes struct {
	inRow atomic.Int64 // faults since the last success

	half         atomic.Int64 // the number of the current half of the window
	now, earlier tally        // of that half, and of the one before

	ejections atomic.Int64 // in a row
	until     atomic.Int64 // when the latest of them ended or ends, in unix nanoseconds
}

type tally struct{ all, faults atomic.Int64 }

func (t *tally) reset() { t.all.Store(0); t.faults.Store(0) }

// add counts an outcome. Those that come while one half of the window follows the
// other may be counted in either.
func (o *outcomes) add(now time.Time, window time.Duration, fault bool) {
	half := now.UnixNano() / int64(window/2)
	if old := o.half.Load(); old != half && o.half.CompareAndSwap(old, half) {
		o.earlier.reset()
		if half == old+1 {
			o.earlier.all.Store(o.now.all.Load())
			o.earlier.faults.Store(o.now.faults.Load())
		}
		o.now.reset()
	}
	o.now.all.Add(1)
	if fault {
		o.now.faults.Add(1)
	}
}

// forget begins again.
func (o *outcomes) forget() {
	o.inRow.Store(0)
	o.now.reset()
	o.earlier.reset()
}

// pause returns how long the member is out, if it is taken out now: twice as long
// each time, until it has been in for the longest time.
func (o *outcomes) pause(now time.Time, p *param.Outlier) time.Duration {
	if now.UnixNano()-o.until.Load() > int64(p.MaxTime) {
		o.ejections.Store(0)
	}
	d := p.Time
	for n := o.ejections.Add(1); n > 1 && d < p.MaxTime; n-- {
		d *= 2
	}
	d = min(d, max(p.MaxTime, p.Time))
	o.until.Store(now.Add(d).UnixNano())
	return d
}

// Outcome counts how an attempt at m ended: why it failed, "" if it did not. It may
// take the member out.
func (b *Balancer) Outcome(x *exchange.Exchange, m *Member, why string) {
	o, p, now := &m.Score.outcomes, &b.Outlier, x.Loop.Now()
	if p.Rate > 0 {
		o.add(now, p.Window, why != "")
	}
	if why == "" {
		if o.inRow.Load() != 0 {
			o.inRow.Store(0)
		}
		return
	}
	if n := o.inRow.Add(1); p.Faults > 0 && n >= int64(p.Faults) {
		b.eject(x, m, strconv.FormatInt(n, 10)+" faults in a row, the last: "+why)
		return
	}
	all, faults := o.now.all.Load()+o.earlier.all.Load(), o.now.faults.Load()+o.earlier.faults.Load()
	if p.Rate > 0 && all >= int64(p.Requests) && faults*100 >= all*int64(p.Rate) {
		b.eject(x, m, strconv.FormatInt(faults, 10)+" of the last "+strconv.FormatInt(all, 10)+" requests failed, the last: "+why)
	}
}

// eject takes m out, unless too many are out already.
func (b *Balancer) eject(x *exchange.Exchange, m *Member, why string) {
	now := x.Loop.Now()
	list := slices.DeleteFunc(slices.Clone(b.Members.List()), func(o *Member) bool { return o.is(reserve) })
	b.Group.ejecting.Lock()
	out := 1
	for _, other := range list {
		if other != m && other.is(worker.Unusable|param.StatusDrain) {
			out++
		}
	}
	allowed := out*100 <= len(list)*b.Outlier.Share
	var pause time.Duration
	ejected := allowed && !m.Health().Ejected() && !m.is(param.StatusIgnoreErrors)
	if ejected {
		pause = m.Score.outcomes.pause(now, &b.Outlier)
		if ejected = m.Health().Eject(now, pause); ejected {
			m.Health().Because(why)
		}
	}
	m.Score.outcomes.forget()
	b.Group.ejecting.Unlock()
	switch {
	case ejected:
		x.Logf(logsink.Error, "proxy_balancer", "", "%s: worker %s is out for %s: %s", b.Name, m.Worker.Name, pause, why)
	case !allowed:
		x.Logf(logsink.Warn, "proxy_balancer", "", "%s: worker %s stays in, because no more than %d%% of the members may be out: %s",
			b.Name, m.Worker.Name, b.Outlier.Share, why)
	}
}
