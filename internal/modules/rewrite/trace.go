package rewrite

import (
	"fmt"
	"strconv"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
)

// maxTrace is trace8.
const maxTrace = 8

// traceLevel is up to which trace level x is logged; 0: not at all.
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

// traces reports whether lines of a level are written. A caller asks first:
// the arguments of tracef are made only then.
func (u *run) traces(level int) bool { return u.trace >= level }

// tracef writes one line in the form that readers of LogLevel rewrite:traceN
// know. dir is the section that the rules are in, "" for those of a server.
//
// Ours: in place of the addresses of structures in memory, sid# has the number
// of the configuration that is in force, and rid# the id that the lines of a
// request share (%L).
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
