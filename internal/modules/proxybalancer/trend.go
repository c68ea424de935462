package proxybalancer

import (
	"time"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/proxy/manage"
)

const (
	every = 2 * time.Second // between samples
	kept  = 90              // samples: three minutes
)

// trends are what the members did in the last minutes. They survive a reload. The
// zero value is empty.
type trends struct {
	mu    lock.Mutex
	rings map[string]*ring
	taken time.Time // the latest sample
}

// sample is what a member did in one interval.
type sample struct {
	requests, faults uint32
	busy             uint32  // at its end
	latency          float32 // mean, in milliseconds; 0: no response
}

// ring are the samples of a member.
type ring struct {
	samples [kept]sample
	n       int // samples ever taken
	before  manage.Member
	round   time.Time // of the latest sample
}

// nameOf names a member.
func nameOf(b *manage.Balancer, m *manage.Member) string {
	return b.Server + "|" + b.Name + "|" + m.URL
}

// look takes a sample where it is time for one. Others that look meanwhile go on.
func (t *trends) look(now time.Time, m balancers) {
	t.mu.Lock()
	due := now.Sub(t.taken) >= every-every/4
	if due {
		t.taken = now
	}
	t.mu.Unlock()
	if due {
		t.sample(now, m.All())
	}
}

// sample takes note of what the members have counted. What is not in list any more
// is forgotten.
func (t *trends) sample(now time.Time, list []manage.Balancer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rings == nil {
		t.rings = make(map[string]*ring)
	}
	for i := range list {
		for j := range list[i].Members {
			m := &list[i].Members[j]
			name := nameOf(&list[i], m)
			r := t.rings[name]
			if r == nil {
				r = &ring{before: *m}
				t.rings[name] = r
			}
			r.add(m)
			r.round = now
		}
	}
	for name, r := range t.rings {
		if !r.round.Equal(now) {
			delete(t.rings, name)
		}
	}
}

// add adds a sample. The counters may have begun again after a reload.
func (r *ring) add(m *manage.Member) {
	old := &r.before
	s := sample{
		requests: uint32(max(m.Elected-old.Elected, 0)), faults: uint32(max(m.Faults-old.Faults, 0)), busy: uint32(max(m.Busy, 0)),
	}
	if n := m.Responses - old.Responses; n > 0 && m.Waited > old.Waited {
		s.latency = float32((m.Waited - old.Waited).Seconds() * 1000 / float64(n))
	}
	r.samples[r.n%kept] = s
	r.n++
	r.before = *m
}

// of returns the samples of a member, the oldest first. A copy.
func (t *trends) of(name string) []sample {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rings[name]
	if r == nil {
		return nil
	}
	out := make([]sample, 0, kept)
	for i := max(0, r.n-kept); i < r.n; i++ {
		out = append(out, r.samples[i%kept])
	}
	return out
}
