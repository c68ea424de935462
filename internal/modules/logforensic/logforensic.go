package logforensic

import (
	"os"
	"strconv"
	"sync/atomic"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/message"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/syntax"
)

// New returns the module.
func New() *module.Module {
	return &module.Module{
		Name: "mod_log_forensic", ID: "log_forensic_module", Server: server,
		Rows: []directive.Row{{Name: "ForensicLog", Set: set}},
	}
}

// conf names the log of a server; a virtual host inherits that of the main server.
type conf struct {
	dest string // "": none
	pos  syntax.Pos
}

var slot = directive.Slot[conf]{Name: "log_forensic", Merge: func(base, add *conf) *conf {
	if add.dest != "" {
		return add
	}
	return base
}}

func set(c *directive.Call) error {
	*slot.Of(c.Server) = conf{logsink.Place(c.Arg(0), c.Path("."), true), c.Pos()}
	return nil
}

// server has the site's requests logged, before any other step sees them.
func server(b *module.Builder, s *module.Server) error {
	c, ok := slot.Peek(s.Conf)
	if !ok || c.dest == "" {
		return nil
	}
	b.Part.Logs = append(b.Part.Logs, snapshot.Log{Dest: c.dest})
	out, err := b.Logs.Access(c.dest)
	if err != nil {
		b.Fail(c.pos, "ForensicLog", err)
		return nil
	}
	b.Part.Closers = append(b.Part.Closers, out.Release)
	s.Site.PostRead = append([]exchange.Step{&begin{out}}, s.Site.PostRead...)
	s.Site.Early = true
	s.Site.AccessLogs = append(s.Site.AccessLogs[:len(s.Site.AccessLogs):len(s.Site.AccessLogs)], &end{out})
	return nil
}

// noteID is the note with the id of the two lines.
const noteID = "forensic-id"

// serial numbers requests, for ids that are unique within a second. It only counts.
//
//nolint:gochecknoglobals // ids are unique in the process, whatever snapshot is in force
var serial atomic.Uint32

// begin writes the first line of a request. It implements exchange.Step.
type begin struct{ out *logsink.Appender }

// Do implements exchange.Step. httpd: log_before.
func (s *begin) Do(x *exchange.Exchange) error {
	if x.Redirected != nil || x.Main != nil {
		return nil
	}
	id, ok := x.Env.Get("UNIQUE_ID")
	if !ok {
		id = appendID(x.Arena.Alloc(40), x.Times.Start.Unix(), serial.Add(1))
	}
	x.Notes.Set(noteID, id)
	line, mark := x.Arena.Scratch()
	line = append(append(append(line, '+'), id...), '|')
	line = appendEscaped(line, x.Req.Line)
	rows := x.Req.Header.Rows()
	for i := range rows {
		f := &rows[i]
		if f.Flags&message.Dropped != 0 {
			continue
		}
		line = appendEscaped(append(line, '|'), f.Name)
		line = appendEscaped(append(line, ':'), f.Value)
	}
	s.out.Append(x.Loop.Index(), line)
	s.out.Wake() // the request that ended the process must be found
	x.Arena.Unscratch(mark)
	return nil
}

func appendID(dst []byte, second int64, n uint32) []byte {
	dst = append(strconv.AppendInt(dst, int64(os.Getpid()), 10), ':')
	dst = append(strconv.AppendInt(dst, second, 16), ':')
	return strconv.AppendUint(dst, uint64(n), 16)
}

// appendEscaped appends s so that it is one field: bytes that end fields, and those that
// are not printable, as %hh.
func appendEscaped(dst, s []byte) []byte {
	const digits = "0123456789abcdef"
	for _, c := range s {
		if c < ' ' || c >= 0x7f || c == '|' || c == ':' || c == '%' {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}

// end writes the last line of a request. It implements exchange.AccessLog.
type end struct{ out *logsink.Appender }

// Log implements exchange.AccessLog. httpd: log_after.
func (l *end) Log(x *exchange.Exchange) {
	id, ok := x.Notes.Get(noteID)
	if !ok {
		return
	}
	loop := -1
	if x.Loop != nil {
		loop = x.Loop.Index()
	}
	line, mark := x.Arena.Scratch()
	l.out.Append(loop, append(append(line, '-'), id...))
	l.out.Wake()
	x.Arena.Unscratch(mark)
}

// Hold implements exchange.AccessLog: the request ends when its tunnel begins.
func (l *end) Hold(x *exchange.Exchange) exchange.HeldLine {
	l.Log(x)
	return nil
}
