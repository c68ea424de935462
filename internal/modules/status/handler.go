package status

import (
	"bytes"
	"context"
	"strconv"

	"github.com/headgate/headgate/internal/clock"
	"github.com/headgate/headgate/internal/discover"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/incident"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/reactor"
	"github.com/headgate/headgate/internal/scoreboard"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/tunnel"
)

// handler is the page of one snapshot.
type handler struct {
	board      *scoreboard.Board
	settings   *snapshot.Settings
	logs       *logsink.Registry
	tunnels    *tunnel.Tunnels          // nil: none are kept
	incidents  *incident.Book           // nil: none are kept
	discovered func() []discover.Report // nil: nothing is
	version    string
	made       string // when the program was built
	clock      *clock.Clock
	extended   bool
}

// sited is the page of one virtual host: other modules add what belongs to it.
type sited struct {
	*handler
	parts []module.StatusPart
}

// Handle implements exchange.Handler. It answers GET and HEAD only, as httpd's
// does. What it shows is made off the loop: with thousands of requests in flight
// that takes a while.
func (h *sited) Handle(x *exchange.Exchange) error {
	if x.HandlerName != name || x.Req.Verb != message.GET && x.Req.Verb != message.HEAD {
		return exchange.ErrDeclined
	}
	q := query(x.Args)
	now := report{
		handler: h.handler, parts: h.parts, name: string(x.ServerName()), via: x.Client.Local.Addr().Unmap().String(), now: h.clock.Now(), snapshot: h.settings.Latest(), plain: q.plain,
	}
	now.busy, now.limit = x.Lookups.Workers()
	text, err := reactor.Await(context.Background(), x.Loop, reactor.Computing, now, forms[q.auto])
	if err != nil {
		return err
	}
	var fields []message.Field
	if q.refresh > 0 {
		fields = append(fields, message.Field{Name: []byte("Refresh"), Value: x.Arena.Int(int64(q.refresh))})
	}
	return module.SendPage(x, !q.auto, text, fields...)
}

// options are what the query asks for.
type options struct {
	auto    bool // text for programs
	plain   bool // no tables (notable)
	refresh int  // seconds; 0: no Refresh field
}

// query reads the query as httpd does: each option is found wherever it stands.
func query(q []byte) (o options) {
	o.auto, o.plain = bytes.Contains(q, []byte("auto")), bytes.Contains(q, []byte("notable"))
	if _, rest, ok := bytes.Cut(q, []byte("refresh")); ok {
		o.refresh = 10
		if n := leading(rest); n > 0 {
			o.refresh = n
		}
	}
	return o
}

// leading returns the number behind "=", 0 without one.
func leading(p []byte) int {
	if len(p) == 0 || p[0] != '=' {
		return 0
	}
	end := 1
	for end < len(p) && end < 10 && '0' <= p[end] && p[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(string(p[1:end]))
	return n
}
