package manage

import (
	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/proxy/param"
)

// status is the name of the setting that has a member's flags: "+D-N", "D".
const status = "status"

// The flags that can be set and cleared by hand, as in httpd's manager.
const (
	lasting = param.StatusIgnoreErrors | param.StatusDrain | param.StatusDisabled | param.StatusHotStandby |
		param.StatusHotSpare | param.StatusStopped
	passing  = param.StatusCheckFailed // checks decide it again
	clearing = param.StatusError       // Ours: it can only be cleared, which tries the member now
)

// letters are those flags.
const letters = "INDHRSCE"

// flagText is a flag as a setting: "+D", "-D".
func flagText(letter byte, on bool) string {
	if on {
		return "+" + string(letter)
	}
	return "-" + string(letter)
}

// parseFlags reads the flags to set and to clear.
func parseFlags(text string) (set, clear param.Status, err error) {
	p := param.Default()
	if err := p.Set(param.OfWorker, status, text, &param.Known{}); err != nil {
		return 0, 0, &Error{Kind: Invalid, Field: status, Reason: err.Error()}
	}
	if (p.Status|p.StatusCleared)&^(lasting|passing|clearing) != 0 || p.Status&clearing != 0 {
		return 0, 0, &Error{Kind: Invalid, Field: status, Reason: "only the flags I N D H R S C can be set, and E cleared too"}
	}
	return p.Status, p.StatusCleared, nil
}

// flagField is the name under which a flag that was changed is remembered.
func flagField(letter byte) string { return status + " " + string(letter) }

// flagOf returns the letter of a flag's field; false: it is none.
func flagOf(field string) (letter byte, ok bool) {
	if len(field) == len(status)+2 && ascii.HasPrefixFold(field, status+" ") {
		return field[len(field)-1], true
	}
	return 0, false
}

// withdrawn are the flags of a member that gets no new sessions.
const withdrawn = param.StatusDrain | param.StatusDisabled | param.StatusStopped
