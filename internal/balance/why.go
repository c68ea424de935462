package balance

import (
	"fmt"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/proxy/param"
)

// WhyNot says why an election that has elected chosen, or nobody, passed a member
// over. fit: it took part, and it was another one's turn. For LogLevel
// proxy_balancer:trace.
func (b *Balancer) WhyNot(x *exchange.Exchange, m, chosen *Member, tried []*Member) (why string, fit bool) {
	now := x.Loop.Now()
	switch {
	case hasMember(tried, m):
		return "this request has tried it", false
	case m.is(param.StatusStopped | param.StatusShutdown):
		return "it is stopped", false
	case m.is(param.StatusDisabled):
		return "it is disabled", false
	case m.is(param.StatusError):
		return m.inError(now), false
	case m.is(param.StatusCheckFailed):
		return "its health check fails" + because(m), false
	case m.Pending:
		return "the addresses of its name are not known yet", false
	case m.is(param.StatusDrain):
		return "it is drained: it gets only requests of its sessions", false
	case b.Method.everybody:
	case chosen != nil && m.Set > chosen.Set:
		return fmt.Sprintf("set %d has members that can be used, it is of set %d", chosen.Set, m.Set), false
	case m.is(param.StatusHotSpare):
		return "it is a hot spare, and no more are needed", false
	case m.is(param.StatusHotStandby):
		return "it is a hot standby, and others can be used", false
	}
	if m.Worker.Full() {
		return fmt.Sprintf("all %d connections of max= are in use", m.Worker.Max), false
	}
	return fmt.Sprintf("busy %d : lbstatus %d", m.Score.Busy(), b.Standing(m)), true
}

// inError says until when, and why. httpd: AH00933.
func (m *Member) inError(now time.Time) string {
	left := m.Health().RetryAt(m.Retry).Sub(now).Round(time.Millisecond)
	return fmt.Sprintf("too soon to retry it: in error for another %v%s", max(left, 0), because(m))
}

func because(m *Member) string {
	if why := m.Health().Why(); why != "" {
		return ": " + why
	}
	return ""
}
