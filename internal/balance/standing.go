package balance

// Standing returns where a member stands in byrequests (httpd: lbstatus): the one
// that stands highest is elected next.
func (b *Balancer) Standing(m *Member) int64 {
	if v := b.view.Load(); v != nil {
		for i, s := range v.standings() {
			if v.entries[i].m.Score == m.Score {
				return s
			}
		}
	}
	return m.Score.turn.Load()
}

// Restart sets where each member stands, after a change of weights (httpd:
// recalc_factors).
func (b *Balancer) Restart(standing func(*Member) int64) {
	b.build.Lock()
	for _, m := range b.Members.List() {
		m.Score.turn.Store(standing(m))
	}
	b.view.Store(nil)
	b.build.Unlock()
	b.Group.Changed()
}

// forget sets what the method has counted of all members to none (httpd: reset of
// the method). build is held.
func (b *Balancer) forget() {
	b.restart = false
	for _, m := range b.Members.List() {
		if b.Method.Traffic {
			m.Score.traffic.Sent.Store(0)
			m.Score.traffic.Body.Store(0)
		} else {
			m.Score.turn.Store(0)
		}
	}
}
