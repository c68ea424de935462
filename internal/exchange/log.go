package exchange

import (
	"bytes"
	"cmp"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/record"
)

// Mapping is the rule that decided where a request goes. It is an immutable
// part of a snapshot.
type Mapping struct {
	Rule  string // directive and its pattern: "ProxyPass /app"
	Place string // "file:line" of the directive

	// Target is the rule's target, for the package that made it.
	Target string

	Written string // the directive with all its arguments, as written; "" when it equals Rule
}

// Line returns the directive for a recorder.
func (m *Mapping) Line() record.Line {
	return record.Line{Directive: cmp.Or(m.Written, m.Rule), Place: m.Place}
}

// Logf writes a line to the exchange's error log when level is enabled for
// module (name without mod_). id is httpd's message id or "". The first line
// sets the log id of the exchange.
func (x *Exchange) Logf(level logsink.Level, module, id, format string, args ...any) {
	x.log(level, module, id, nil, format, args...)
}

// Logs reports whether Logf would write: asked first where a line is seldom wanted,
// because its arguments cost something.
func (x *Exchange) Logs(level logsink.Level, module string) bool {
	levels := x.levels()
	return levels != nil && levels.Enabled(module, level)
}

func (x *Exchange) log(level logsink.Level, module, id string, cause error, format string, args ...any) {
	if !x.Logs(level, module) {
		return
	}
	rec := logsink.Record{Level: level, Module: module, ID: id, Err: cause}
	if x.Client != nil {
		rec.Client = x.remoteText()
	}
	rec.LogID = string(x.Reference())
	rec.Request = x.describe()
	if ref, ok := x.Req.Header.Get(message.Referer); ok {
		rec.Referer = string(ref)
	}
	rec.Subject, rec.First, x.logged = x, !x.logged, true
	if x.Client != nil {
		rec.Connection, x.Client.Logged = !x.Client.Logged, true
	}
	x.Site.Log.Logf(rec, format, args...)
}

// Reference returns the id that appears in all output about the exchange: its
// error lines, its access line (%L) and the page of a 5xx. It is made at its
// first use.
func (x *Exchange) Reference() []byte {
	if x.LogID == nil {
		x.LogID = x.FaultID()
	}
	return x.LogID
}

// FaultID returns the id of a fault of the exchange: that of Reference, without making
// it appear in the access log.
func (x *Exchange) FaultID() []byte {
	switch {
	case x.LogID != nil:
		return x.LogID
	case x.faultID == nil:
		x.faultID = logsink.NewID(x.Times.Start, x.serial(), x.requests())
	}
	return x.faultID
}

// maxShownPath is how much of a path, in bytes, a line of the error log shows.
const maxShownPath = 512

// AppendShown appends the path as the client sent it, or the target of a forward
// proxy's request: without the query, and without credentials in a URL.
func (x *Exchange) AppendShown(b []byte) []byte {
	q := &x.Req
	path := q.Path
	if x.Onward || q.Form == message.AuthorityForm {
		path, _, _ = bytes.Cut(q.Target, []byte("?"))
		if scheme, rest, ok := bytes.Cut(path, []byte("://")); ok {
			host, _, _ := bytes.Cut(rest, []byte("/"))
			if at := bytes.LastIndexByte(host, '@'); at >= 0 {
				b = append(append(b, scheme...), "://"...)
				path = rest[at+1:]
			}
		}
	}
	b = append(b, path[:min(len(path), maxShownPath)]...)
	if len(path) > maxShownPath {
		b = append(b, "..."...)
	}
	return b
}

// describe names the request: method and path as sent, the virtual host, and
// the mapping used. The log escapes it.
func (x *Exchange) describe() string {
	var b []byte
	part := func(text string) {
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = append(b, text...)
	}
	if q := &x.Req; len(q.Method) > 0 {
		b = append(append(b, q.Method...), ' ')
		b = x.AppendShown(b)
	}
	if x.Site.Name != "" {
		part(x.Site.Name)
	}
	if x.Site.Defined != "" {
		b = append(append(b, " at "...), x.Site.Defined...)
	}
	if m := x.Mapping; m != nil {
		part(m.Rule + " at " + m.Place)
	}
	return string(b)
}

// LogFault logs a fault once, where it is handled.
func (x *Exchange) LogFault(level logsink.Level, module string, f *fault.Fault) {
	x.log(level, module, f.ID, f.Err, "%s", f.Describe())
}

func (x *Exchange) levels() *logsink.Levels {
	switch {
	case x.Chain != nil && x.Chain.Levels != nil:
		return x.Chain.Levels
	case x.Site != nil:
		return x.Site.Levels
	}
	return nil
}

func (x *Exchange) serial() uint64 {
	if x.Client == nil {
		return 0
	}
	return x.Client.Serial
}

func (x *Exchange) requests() int {
	if x.Client == nil {
		return 0
	}
	return x.Client.Requests
}
