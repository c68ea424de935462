package param

// State is what a member does, in a word for people.
type State string

// The states of a member.
const (
	StateOK          State = "ok"
	StateStopped     State = "stopped"
	StateDisabled    State = "disabled"
	StateInError     State = "error"
	StateCheckFailed State = "check failed"
	StateDraining    State = "draining" // it still has requests
	StateDrained     State = "drained"  // it has none
	StateStandby     State = "standby"
	StateSpare       State = "spare"
)

// states are the states by flags, the strongest first.
var states = [...]struct {
	flag  Status
	state State
}{
	{StatusStopped, StateStopped}, {StatusDisabled, StateDisabled}, {StatusShutdown, StateDisabled}, {StatusError, StateInError},
	{StatusCheckFailed, StateCheckFailed}, {StatusDrain, StateDraining}, {StatusHotSpare, StateSpare}, {StatusHotStandby, StateStandby},
}

// StateOf returns the state of a member with these flags and so many requests.
func StateOf(s Status, busy int64) State {
	for _, row := range states {
		switch {
		case s&row.flag == 0:
		case row.state == StateDraining && busy == 0:
			return StateDrained
		default:
			return row.state
		}
	}
	return StateOK
}
