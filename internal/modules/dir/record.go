package dir

import (
	"bytes"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/record"
)

// become makes x the request that a look-up has found, because of a directive.
func become(x, sub *exchange.Exchange, line record.Line) {
	x.Become(sub)
	if x.Recorder == nil {
		return
	}
	e := record.Mapping{Line: line, To: record.ToFile, Target: string(x.Filename), Again: true}
	if bytes.HasPrefix(x.Filename, []byte("proxy:")) {
		e.To = record.ToBackend
	}
	x.Recorder.Record(e)
}

// recordStatus tells of a redirect. The caller has seen that there is a recorder.
func recordStatus(x *exchange.Exchange, line record.Line, r *exchange.Reply) {
	x.Recorder.Record(record.Mapping{Line: line, To: record.ToStatus, Status: r.Status, Target: string(r.Location)})
}
