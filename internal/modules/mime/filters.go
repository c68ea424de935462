package mime

import (
	"strings"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/directive"
)

// includes is the filter of server-side includes, which is not built.
const includes = "includes"

// includesNote is what happens to pages with server-side includes.
const includesNote = "server-side includes are not processed: requests for such pages get 404, never a page with its commands in the text"

// whenFilter judges AddOutputFilter.
func whenFilter(c *directive.Call) (directive.Tier, string) {
	var others []string
	parsed := false
	for name := range strings.SplitSeq(c.Arg(0), ";") {
		if ascii.EqualFold(name, includes) {
			parsed = true
		} else {
			others = append(others, name)
		}
	}
	tier, note := directive.WithoutFilters(c, others)
	if parsed && tier == directive.Noted {
		note = includesNote
	}
	return tier, note
}

func addFilter(e *extension, _ *directive.Call, value string) {
	e.unread = false
	for name := range strings.SplitSeq(value, ";") {
		e.unread = e.unread || name == includes
	}
}
