package proxyscgi

import (
	"testing"

	"github.com/headgate/headgate/internal/directive"
)

// Without files in place of a response, ProxySCGISendfile can only be Off.
func TestSendfile(t *testing.T) {
	for arg, want := range map[string]directive.Tier{"Off": directive.Honoured, "off": directive.Honoured, "On": directive.Pending, "X-File": directive.Pending} {
		if tier, note := whenSendfile(&directive.Call{Args: []string{arg}}); tier != want || (tier == directive.Pending) != (note != "") {
			t.Errorf("%s: %v, %q", arg, tier, note)
		}
	}
}
