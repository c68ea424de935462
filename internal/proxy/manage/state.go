package manage

import (
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// State is what a member does, in a word for people.
type State string

// The states of a member.
const (
	OK          State = "ok"
	Stopped     State = "stopped"
	Disabled    State = "disabled"
	InError     State = "error"
	CheckFailed State = "check failed"
	Draining    State = "draining" // it still has requests
	Drained     State = "drained"  // it has none
	Standby     State = "standby"
	Spare       State = "spare"
)

// states are the states by flags, the strongest first.
var states = [...]struct {
	flag  param.Status
	state State
}{
	{param.StatusStopped, Stopped}, {param.StatusDisabled, Disabled}, {param.StatusShutdown, Disabled}, {param.StatusError, InError},
	{param.StatusCheckFailed, CheckFailed}, {param.StatusDrain, Draining}, {param.StatusHotSpare, Spare}, {param.StatusHotStandby, Standby},
}

// StateOf returns the state of a member with these flags and so many requests.
func StateOf(s param.Status, busy int64) State {
	for _, row := range states {
		switch {
		case s&row.flag == 0:
		case row.state == Draining && busy == 0:
			return Drained
		default:
			return row.state
		}
	}
	return OK
}

// States returns all states.
func States() []State {
	return []State{OK, Stopped, Disabled, InError, CheckFailed, Draining, Drained, Standby, Spare}
}

// why says what made the state of a member, as far as that is known.
func why(m *Member, h *worker.Health) string {
	switch m.State {
	case OK, Standby, Spare:
		return ""
	case InError:
		if w := h.Why(); w != "" && !m.Failed.IsZero() {
			return w + "; tried again at " + m.Failed.Add(m.Retry).Local().Format(time.TimeOnly)
		}
	case CheckFailed:
		if m.Last != nil && !m.Last.OK {
			return m.Last.Reason
		}
	}
	return h.Why()
}
