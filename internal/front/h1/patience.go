package h1

import (
	"errors"
	"os"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
)

// readTimes returns the times of the connection's site; nil if nothing is
// measured. httpd uses that site to decide, also for a body, whose times are
// those of the virtual host that the request names.
func (st *state) readTimes() *exchange.ReadTimes { return st.site.Reading }

// firstWait is how long a new connection may stay silent.
func firstWait(s *exchange.Site) time.Duration {
	if s.Reading != nil && s.Reading.Head.First > 0 {
		return min(s.Timeout, s.Reading.Head.First)
	}
	return s.Timeout
}

// shakeWait is firstWait of a connection that begins with a handshake.
func shakeWait(s *exchange.Site) time.Duration {
	if s.Reading != nil && s.Reading.Handshake.First > 0 {
		return min(s.Timeout, s.Reading.Handshake.First)
	}
	return s.Timeout
}

// headEnd returns when the wait for more of a head ends. now is when its last
// byte came.
func (st *state) headEnd(now time.Time) time.Time {
	start, each := st.x.Times.Start, now.Add(st.site.Timeout)
	st.staged = false
	r := st.readTimes()
	if r == nil || r.Head.First == 0 {
		return start.Add(st.site.Timeout)
	}
	end := start.Add(r.Head.For(st.x.Count.In + int64(st.in.buffered()))) // In: a PROXY header before it
	if each.Before(end) {
		return each
	}
	st.staged = true
	return end
}

// bodyEnd returns when a wait for more of the body that begins now ends, at
// limit at the latest.
//
// Ours: only time spent waiting for the client counts. httpd also counts the
// time of the backend, and a slow backend is blamed on the client.
func (st *state) bodyEnd(now, limit time.Time) time.Time {
	st.staged = false
	own := st.x.Site.Reading
	if st.readTimes() == nil || own == nil || own.Body.First == 0 {
		return limit
	}
	came := st.x.Count.In - st.body.from + int64(st.in.buffered())
	end := now.Add(own.Body.For(came) - st.body.waited)
	if limit.Before(end) {
		return limit
	}
	st.staged = true
	return end
}

// tardy makes the fault of a client whose request did not come in time.
func (st *state) tardy(phase fault.Phase, elapsed time.Duration, what string) *fault.Fault {
	f := &fault.Fault{
		Side: fault.Client, Module: "core", Phase: phase, Kind: fault.Timeout, Status: 408, Close: true,
		Elapsed: elapsed, Limit: st.x.Site.TimeoutLimit(), Detail: what + " not complete in time",
	}
	if st.staged {
		f.Limit = st.x.Site.ReadingLimit
		f.Module, f.ID, f.Detail = "reqtimeout", "AH01382", "request "+what+" came more slowly than RequestReadTimeout allows"
	}
	return f
}

// lateHead makes the fault of a head that did not come in time.
func (st *state) lateHead() *fault.Fault {
	f := st.tardy(fault.ReadRequest, st.now().Sub(st.x.Times.Start), "head")
	st.unfinished(f)
	return f
}

// late reports whether an error of the client's connection is a missed
// deadline.
func late(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
