package balancer

import (
	"github.com/headgate/headgate/internal/balance"
	"github.com/headgate/headgate/internal/exchange"
)

// counted is send for methods that look at what members have to do.
func (h *Handler) counted(x *exchange.Exchange, m *balance.Member) (err error) {
	if h.balancer.Method.Traffic {
		x.Count.Meter = m.Score.Meter()
	}
	if h.balancer.Method.Busy {
		h.balancer.Begin(m)
	}
	defer func() {
		if h.balancer.Method.Traffic {
			x.Count.Meter = nil
			m.Score.Traffic(0, statusLine(x))
		}
		if h.balancer.Method.Busy {
			h.release(x, m)
		}
		if t := x.Tries.Last(); h.balancer.Method.Latency && t != nil && t.FirstByte > 0 {
			m.Score.Took(t.FirstByte, x.Loop.Now())
		}
	}()
	return h.finish(x, m, m.Sender.Send(x))
}

// release ends what Begin counted: now, or when the tunnel ends that the response
// has opened.
func (h *Handler) release(x *exchange.Exchange, m *balance.Member) {
	if x.Tunnel == nil {
		h.balancer.End(m)
		return
	}
	before := x.Tunnel.Release
	x.Tunnel.Release = func() {
		if before != nil {
			before()
		}
		h.balancer.End(m)
	}
}

// statusLine returns the length of the response's first line (httpd counts it,
// and no header field).
func statusLine(x *exchange.Exchange) int64 {
	r := &x.Resp
	if r.Status == 0 {
		return 0
	}
	return int64(len("HTTP/1.1 200 ") + len(r.Reason))
}
