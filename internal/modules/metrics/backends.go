package metrics

import (
	"strings"

	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/metrics"
	"github.com/headgate/headgate/internal/proxy/manage"
	"github.com/headgate/headgate/internal/worker"
)

// collectBackends is what was counted of members of balancers and of other workers.
func (q question) collectBackends(o *output) {
	seen := make(map[*worker.State]bool)
	names := make(map[[3]string]bool)
	q.eachBalancer(func(server string, b *balance.Balancer) {
		vhost, name := label(server), strings.TrimPrefix(b.Name, "balancer://")
		members, usable := b.Members.List(), 0
		for _, m := range members {
			s := m.Worker.State
			seen[s] = true
			ok := !m.Health().Has(worker.Unusable)
			if ok {
				usable++
			}
			if labels := [3]string{vhost, name, m.Worker.Name}; room(names, labels) {
				q.collectWorker(o, m.Worker, labels[:])
				o.member(m, ok, labels[:])
			}
		}
		o.count("balancer_members", int64(len(members)), vhost, name)
		o.count("balancer_members_usable", int64(usable), vhost, name)
		o.count("balancer_waiting", int64(b.Group.Waiting()), vhost, name)
	})
	owners := make(map[*worker.State]string)
	for m := range q.snapshot.Metered() {
		for _, w := range m.Workers {
			if _, ok := owners[w.State]; !ok {
				owners[w.State] = m.Name
			}
		}
	}
	for w := range q.snapshot.Workers() {
		if seen[w.State] {
			continue
		}
		seen[w.State] = true
		if labels := [3]string{owners[w.State], "", w.Name}; room(names, labels) {
			q.collectWorker(o, w, labels[:])
		}
	}
}

// eachBalancer calls f for every balancer, with the name of its server.
func (q question) eachBalancer(f func(server string, b *balance.Balancer)) {
	if q.manager != nil {
		q.manager.Each(f)
	}
}

// maxBackends is how many backends have series.
const maxBackends = 2000

// room reports whether labels are new, and there is room for them.
func room(names map[[3]string]bool, labels [3]string) bool {
	if names[labels] || len(names) >= maxBackends {
		return false
	}
	names[labels] = true
	return true
}

// collectWorker is what was counted of a backend.
func (q question) collectWorker(o *output, w *worker.Worker, labels []string) {
	s := w.State
	c := s.Meter.Sum(q.book)
	with := func(more string) []string { return append(labels[:len(labels):len(labels)], more) }
	o.classes("member_requests_total", &c.ByClass, labels...)
	o.reasons("member_failures_total", c.Failures, labels...)
	o.count("member_elected_total", s.Elected.Load(), labels...)
	o.count("member_reused_total", c.Reused, labels...)
	o.count("member_sent_bytes_total", s.Sent.Load(), labels...)
	o.count("member_received_bytes_total", s.Received.Load(), labels...)
	for _, h := range [...]struct {
		name   string
		counts *metrics.Histogram
		always bool
	}{
		{"member_queue_seconds", &c.Queue, false}, {"member_connect_seconds", &c.Connect, false}, {"member_handshake_seconds", &c.Handshake, false},
		{"member_first_byte_seconds", &c.FirstByte, true}, {"member_response_seconds", &c.Response, true},
	} {
		if h.counts.Count > 0 || h.always {
			o.spread(h.name, h.counts, labels...)
		}
	}
	open, idle := s.Counts()
	o.count("member_in_flight", s.Busy.Load(), labels...)
	o.count("member_waiting", int64(s.Waiting()), labels...)
	o.count("member_connections", int64(max(open-idle, 0)), with("in_use")...)
	o.count("member_connections", int64(idle), with("idle")...)
	if w.Max > 0 {
		o.count("member_connections_limit", int64(w.Max), labels...)
	}
	o.count("member_recoveries_total", s.Health.Retries(), labels...)
}

// member is what a member is besides a worker.
func (o *output) member(m *balance.Member, usable bool, labels []string) {
	h := m.Health()
	o.put("member_usable", number(usable), labels...)
	now := manage.StateOf(h.Status(), m.Worker.State.Busy.Load())
	for _, s := range manage.States() {
		o.put("member_state", number(s == now), append(labels[:len(labels):len(labels)], strings.ReplaceAll(string(s), " ", "_"))...)
	}
	if c := h.LastCheck(); c != nil {
		o.put("member_check_success", number(c.OK), labels...)
	}
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
