package pipeline

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/scoreboard"
	"github.com/headgate/headgate/internal/snapshot"
)

// score puts x on the scoreboard, for the status page.
func score(x *exchange.Exchange, s *snapshot.Snapshot) {
	port := x.Site.Port
	if port == 0 {
		port = x.Client.Local.Port()
	}
	x.Scored = s.Board.Begin(x.Loop.Index(), x.Times.Start, scoreboard.Request{
		Client: x.ClientIP(), Protocol: exchange.AppendProtocol(x.Arena.Alloc(16), x.Req.Version), Host: x.Site.Name, Port: port, Line: x.Req.Line, Tail: s.SeeTail,
	})
}

// unscore takes x off the scoreboard, which counts it. It is done once, also
// where the exchange panicked.
func unscore(x *exchange.Exchange) {
	s := x.Scored
	x.Scored = nil
	s.End(x.Times.End, x.Count.Out)
}
