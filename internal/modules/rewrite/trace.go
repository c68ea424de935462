package rewrite

import (
	"fmt"
	"strconv"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
)

// maxTrace is trace8.
const maxTrace = 8

// traceLevel returns the highest trace level that is logged for x; 0 for none.
func traceLevel(x *exchange.Exchange) int {
	levels := x.Site.Levels
	if x.Chain != nil && x.Chain.Levels != nil {
		levels = x.Chain.Levels
	}
	n := 0
	for levels != nil && n < maxTrace && levels.Enabled("rewrite", logsink.Trace1+logsink.Level(n)) {
		n++
	}
	return n
}

// traces reports whether lines of a trace level are logged. Call it before tracef,
// so that the arguments are made only if needed.
func (u *run) traces(level int) bool { return u.trace >= level }

// tracef writes one line in httpd's format for LogLevel rewrite:traceN. dir is the
// section of the rules; "" for those of a server.
//
// Ours: httpd has addresses of memory in sid# and rid#. Here sid# is the number of
// the current configuration, and rid# the id that all log lines of a request have
// (%L).
func (u *run) tracef(level int, dir, format string, args ...any) {
	x := u.x
	user := "-"
	if x.User != nil {
		user = string(x.User)
		if user == "" {
			user = `""`
		}
	}
	kind, main := "initial", x
	for main.Main != nil {
		main, kind = main.Main, "subreq"
	}
	if n := x.Depth(); n > 0 {
		kind += "/redir#" + strconv.Itoa(n)
	}
	if dir != "" {
		dir = "[perdir " + dir + "] "
	}
	x.Logf(logsink.Trace1+logsink.Level(level-1), "rewrite", "", "%s - %s [%s/sid#%x][rid#%s/%s] %s%s",
		x.ClientIP(), user, x.ServerName(), x.Site.ID, main.Reference(), kind, dir, fmt.Sprintf(format, args...))
}
