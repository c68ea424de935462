package param

import (
	"errors"

	"github.com/headgate/headgate/internal/ascii"
)

// Status is a set of states of a worker.
type Status uint16

// The states, with their letters in status= and balancer-manager.
const (
	StatusInit         Status = 1 << iota // O
	StatusIgnoreErrors                    // I
	StatusDrain                           // N
	StatusGeneric                         // G
	StatusShutdown                        // U
	StatusDisabled                        // D
	StatusStopped                         // S
	StatusError                           // E
	StatusHotStandby                      // H
	StatusHotSpare                        // R
	StatusFree                            // F
	StatusCheckFailed                     // C
)

// statuses are the states with their letter and their word in listings.
var statuses = []struct {
	flag   Status
	letter byte
	word   string
}{
	{StatusInit, 'O', "Init "}, {StatusIgnoreErrors, 'I', "Ign "}, {StatusDrain, 'N', "Drn "},
	{StatusGeneric, 'G', "Gen "}, {StatusShutdown, 'U', "Shut "}, {StatusDisabled, 'D', "Dis "},
	{StatusStopped, 'S', "Stop "}, {StatusError, 'E', "Err "}, {StatusHotStandby, 'H', "Stby "},
	{StatusHotSpare, 'R', "Spar "}, {StatusFree, 'F', "Free "}, {StatusCheckFailed, 'C', "HcFl "},
}

// StatusOf returns the state of a letter in either case, 0 for an unknown one.
func StatusOf(letter byte) Status {
	for _, s := range statuses {
		if ascii.Lower(s.letter) == ascii.Lower(letter) {
			return s.flag
		}
	}
	return 0
}

// Letter returns the letter of a single state, 0 for another.
func (s Status) Letter() byte {
	for _, row := range statuses {
		if row.flag == s {
			return row.letter
		}
	}
	return 0
}

// String lists the states as httpd's balancer-manager does.
func (s Status) String() string {
	out := ""
	for _, row := range statuses {
		if s&row.flag != 0 {
			out += row.word
		}
	}
	return out
}

// setStatus reads "+H-E" or "D": letters, with a sign that applies until the
// next one.
func setStatus(p *Params, v string, _ *Known) error {
	on := true
	for i := 0; i < len(v); i++ {
		if v[i] == '+' || v[i] == '-' {
			on = v[i] == '+'
			i++
		}
		var flag Status
		if i < len(v) {
			flag = StatusOf(v[i])
		}
		if flag == 0 {
			return errors.New("Unknown status parameter option")
		}
		if on {
			p.Status, p.StatusCleared = p.Status|flag, p.StatusCleared&^flag
		} else {
			p.Status, p.StatusCleared = p.Status&^flag, p.StatusCleared|flag
		}
	}
	return nil
}
