package manage

import (
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
	"github.com/headgate/headgate/internal/worker"
)

// State is what a member does, in a word for people.
type State = param.State

// The states of a member.
const (
	OK          = param.StateOK
	Stopped     = param.StateStopped
	Disabled    = param.StateDisabled
	InError     = param.StateInError
	CheckFailed = param.StateCheckFailed
	Draining    = param.StateDraining
	Drained     = param.StateDrained
	Standby     = param.StateStandby
	Spare       = param.StateSpare
)

// StateOf returns the state of a member with these flags and so many requests.
func StateOf(s param.Status, busy int64) State { return param.StateOf(s, busy) }

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
