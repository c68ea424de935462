package logsink

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

// slogLevels maps each level to a slog level: slog's four keep their values,
// the others are between and around them.
var slogLevels = [...]slog.Level{
	Emerg: 20, Alert: 16, Crit: 12, Error: slog.LevelError, Warn: slog.LevelWarn, Notice: 2,
	Info: slog.LevelInfo, Debug: slog.LevelDebug,
	Trace1: -5, Trace2: -6, Trace3: -7, Trace4: -8, Trace5: -9, Trace6: -10, Trace7: -11, Trace8: -12,
}

// Slog returns the slog level of l.
func (l Level) Slog() slog.Level { return slogLevels[l] }

// levelOfSlog returns the nearest level that is not more severe.
func levelOfSlog(s slog.Level) Level {
	for l, at := range slogLevels {
		if s >= at {
			return Level(l)
		}
	}
	return Trace8
}

// handler adapts an ErrorLog to slog.Handler. It is immutable; With makes
// copies.
type handler struct {
	log    *ErrorLog
	rec    Record // fields set by WithAttrs
	suffix string // other attributes set by WithAttrs
	group  string // prefix of attribute names, with its dot
}

// Enabled implements slog.Handler.
func (h *handler) Enabled(_ context.Context, s slog.Level) bool {
	return h.log != nil && (h.log.levels == nil || h.log.levels.Enabled(h.rec.Module, levelOfSlog(s)))
}

// Handle implements slog.Handler.
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	rec := h.rec
	rec.Level = levelOfSlog(r.Level)
	var b strings.Builder
	b.WriteString(r.Message)
	b.WriteString(h.suffix)
	r.Attrs(func(a slog.Attr) bool {
		h.take(&rec, &b, h.group, a)
		return true
	})
	h.log.write(&rec, b.String())
	return nil
}

// WithAttrs implements slog.Handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	c := *h
	var b strings.Builder
	b.WriteString(h.suffix)
	for _, a := range attrs {
		h.take(&c.rec, &b, h.group, a)
	}
	c.suffix = b.String()
	return &c
}

// WithGroup implements slog.Handler.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.group += name + "."
	return &c
}

// take adds one attribute to the record's fields or to the message.
func (h *handler) take(rec *Record, b *strings.Builder, group string, a slog.Attr) {
	a.Value = a.Value.Resolve()
	if a.Value.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, inner := range a.Value.Group() {
			h.take(rec, b, group, inner)
		}
		return
	}
	if a.Key == "" || group == "" && rec.set(a) {
		return
	}
	b.WriteByte(' ')
	b.WriteString(group)
	b.WriteString(a.Key)
	b.WriteByte('=')
	text := a.Value.String()
	if strings.ContainsAny(text, " \t\n\"=") || text == "" {
		text = strconv.Quote(text)
	}
	b.WriteString(text)
}

// set fills a field of the record that has the attribute's name.
func (r *Record) set(a slog.Attr) bool {
	switch a.Key {
	case "module":
		r.Module = a.Value.String()
	case "id":
		r.ID = a.Value.String()
	case "client":
		r.Client = a.Value.String()
	case "remote":
		r.Remote = a.Value.String()
	case "logid":
		r.LogID = a.Value.String()
	case "referer":
		r.Referer = a.Value.String()
	case "err":
		err, ok := a.Value.Any().(error)
		if !ok {
			err = fmt.Errorf("%v", a.Value.Any())
		}
		r.Err = err
		return ok && hasErrno(err)
	default:
		return false
	}
	return true
}

// hasErrno says whether the record's Err field can show err; an error without
// an errno is shown as an attribute.
func hasErrno(err error) bool {
	number, _ := errnoOf(err)
	return number != 0
}
