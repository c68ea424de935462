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

// Restart sets where each member stands, and forgets what the methods counted
// before: after a change of weights, and when a member has come back by hand
// (httpd: recalc_factors, and reset of the method).
func (b *Balancer) Restart(standing func(*Member) int64) {
	b.build.Lock()
	for _, m := range b.Members.List() {
		m.Score.turn.Store(standing(m))
	}
	b.view.Store(nil)
	b.build.Unlock()
	b.Group.Changed()
}

// ForgetTraffic sets the bytes of all members to none, so that one that comes back
// is not elected until it has moved as many as the others (httpd: reset of
// bytraffic).
func (b *Balancer) ForgetTraffic() {
	for _, m := range b.Members.List() {
		m.Score.traffic.Sent.Store(0)
		m.Score.traffic.Body.Store(0)
	}
}
