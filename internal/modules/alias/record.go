package alias

import (
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/record"
)

var _ exchange.Latecomer = (*translator)(nil)

// recordStatus records a redirect or a status, if the exchange has a recorder.
func recordStatus(x *exchange.Exchange, line record.Line, status int, location []byte) {
	if x.Recorder != nil {
		x.Recorder.Record(record.Mapping{Line: line, To: record.ToStatus, Status: status, Target: string(location)})
	}
}

// Late implements exchange.Latecomer.
func (t *translator) Late(x *exchange.Exchange, path []byte) {
	was := x.Path
	x.Path = path
	defer func() { x.Path = was }()
	if len(path) == 0 || path[0] != '/' {
		return
	}
	late := func(line record.Line) { x.Recorder.Record(record.Late{Line: line, Path: string(path)}) }
	if t.whole.Set {
		late(t.whole.V.line)
	}
	for _, list := range [...][]*rule{t.rules, t.aliases} {
		if r, _, _ := find(x, list, false); r != nil {
			late(r.line)
		}
	}
}
