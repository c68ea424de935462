package worker

import (
	"cmp"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/proxy/param"
)

// Health is what is known of a worker's fitness: its status flags and when it
// last failed. It survives a reload with the worker's State. All methods are
// safe for concurrent use and take no lock, beyond what OnChange does.
type Health struct {
	flags    atomic.Uint32 // param.Status
	failedAt atomic.Int64  // when StatusError was last set, in unix nanoseconds; 0: never
	pause    atomic.Int64  // how long the error lasts that Eject set, in nanoseconds; 0: Fail set it
	retries  atomic.Int64  // how often it was tried again after an error
	asked    atomic.Uint64 // what the configuration last said, see Configure
	changed  atomic.Pointer[func()]
	check    atomic.Pointer[Check] // the latest; nil: none yet

	since atomic.Int64           // when a flag last changed, in unix nanoseconds; 0: never
	why   atomic.Pointer[string] // what last changed them; nil: not known
}

// OnChange has f called after each change of the flags, on whatever thread makes
// it. f must not wait. It takes the place of the one before.
func (h *Health) OnChange(f func()) { h.changed.Store(&f) }

func (h *Health) tell() {
	if f := h.changed.Load(); f != nil {
		(*f)()
	}
}

// Unusable are the flags of which none may be set on a worker that gets
// requests (httpd: PROXY_WORKER_NOT_USABLE_BITMAP).
const Unusable = param.StatusShutdown | param.StatusDisabled | param.StatusStopped | param.StatusError | param.StatusCheckFailed

// Status returns the flags.
func (h *Health) Status() param.Status { return param.Status(h.flags.Load()) }

// Text lists the flags as httpd's pages do, with "Ok " at the end where requests
// may come (httpd: ap_proxy_parse_wstatus).
func (h *Health) Text() string {
	s := h.Status()
	text := cmp.Or(s.String(), "??? ")
	if s&Unusable == 0 && s&param.StatusInit != 0 {
		text += "Ok "
	}
	return text
}

// Has reports whether one of flags is set.
func (h *Health) Has(flags param.Status) bool { return h.Status()&flags != 0 }

// Set sets and clears flags in one step.
func (h *Health) Set(set, clear param.Status) {
	for {
		old := h.flags.Load()
		next := uint32((param.Status(old) | set) &^ clear)
		if next == old {
			return
		}
		if h.flags.CompareAndSwap(old, next) {
			h.since.Store(time.Now().UnixNano())
			h.tell()
			return
		}
	}
}

// Configure applies status= of a configuration: set and clear are the flags it
// names. What the configuration before has set, and this one does not, is taken
// away. A reload that says the same again leaves alone what was changed at run
// time since.
func (h *Health) Configure(set, clear param.Status) {
	said := uint64(set)<<32 | uint64(clear)<<1 | 1
	if before := h.asked.Swap(said); before != said {
		h.Set(set, (clear|param.Status(before>>32))&^set)
	}
}

// Configured returns the flags that the configuration last set.
func (h *Health) Configured() param.Status { return param.Status(h.asked.Load() >> 32) }

// Fail puts the worker in error, and reports whether it was not before. A worker
// that ignores errors does not change.
func (h *Health) Fail(now time.Time) bool {
	for {
		old := h.flags.Load()
		s := param.Status(old)
		if s&param.StatusIgnoreErrors != 0 {
			return false
		}
		h.failedAt.Store(now.UnixNano())
		if s&param.StatusError != 0 {
			return false
		}
		h.pause.Store(0)
		if h.flags.CompareAndSwap(old, uint32(s|param.StatusError)) {
			h.since.Store(now.UnixNano())
			h.tell()
			return true
		}
	}
}

// Eject puts the worker in error for so long, whatever its retry= says,
// and whether or not it is in error already. It reports false for a worker that
// ignores errors or is ejected.
func (h *Health) Eject(now time.Time, pause time.Duration) bool {
	if h.Has(param.StatusIgnoreErrors) || h.Ejected() {
		return false
	}
	h.failedAt.Store(now.UnixNano())
	h.pause.Store(int64(pause))
	h.Set(param.StatusError, 0)
	return true
}

// Ejected says whether the worker is in error because of Eject.
func (h *Health) Ejected() bool { return h.Has(param.StatusError) && h.pause.Load() > 0 }

// RetryAt returns when a worker in error is tried again, with retry= of its
// configuration.
func (h *Health) RetryAt(retry time.Duration) time.Time {
	if p := h.pause.Load(); p > 0 {
		retry = time.Duration(p)
	}
	return time.Unix(0, h.failedAt.Load()+int64(retry))
}

// Usable reports whether the worker may get a request now. A worker in error
// may get one again once retry has passed since it failed, or at once if there is
// none or it ignores errors; the error is cleared then. A stopped one is not tried again
// (httpd: ap_proxy_retry_worker).
func (h *Health) Usable(now time.Time, retry time.Duration) bool {
	s := h.Status()
	if s&param.StatusError != 0 && s&param.StatusStopped == 0 {
		if s&param.StatusIgnoreErrors != 0 || retry == 0 && !h.Ejected() || now.After(h.RetryAt(retry)) {
			h.Set(0, param.StatusError)
			h.retries.Add(1)
			s = h.Status()
		}
	}
	return s&Unusable == 0
}

// Recover clears an error before its time.
func (h *Health) Recover() {
	h.retries.Add(1)
	h.Set(0, param.StatusError)
}

// Retries returns how often the worker was tried again after an error.
func (h *Health) Retries() int64 { return h.retries.Load() }

// FailedAt returns when the worker last failed; zero: never.
func (h *Health) FailedAt() time.Time {
	n := h.failedAt.Load()
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}

// Since returns when a flag last changed; zero: never.
func (h *Health) Since() time.Time {
	n := h.since.Load()
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}

// Because notes what changed the flags, for people.
func (h *Health) Because(why string) { h.why.Store(&why) }

// Why returns what Because noted last; "": nothing.
func (h *Health) Why() string {
	if w := h.why.Load(); w != nil {
		return *w
	}
	return ""
}
