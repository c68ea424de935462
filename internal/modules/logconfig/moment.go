package logconfig

import (
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/ascii"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/strftime"
)

// clf is the layout of %t without argument.
const clf = "[02/Jan/2006:15:04:05 -0700]"

// begin returns when the request began, or now for one that could not be read.
func begin(x *exchange.Exchange) time.Time {
	if x.Times.Start.IsZero() {
		return end(x)
	}
	return x.Times.Start
}

// end returns when the last byte was handed over, or now if that did not
// happen.
func end(x *exchange.Exchange) time.Time {
	if x.Times.End.IsZero() {
		return time.Now()
	}
	return x.Times.End
}

// elapsed returns how long the exchange took, never a negative time.
func elapsed(x *exchange.Exchange) time.Duration {
	if x.Times.Start.IsZero() {
		return 0
	}
	return max(end(x).Sub(x.Times.Start), 0)
}

// moment is %t in all its forms.
func moment(arg string) value {
	at := begin
	if rest, ok := cutMoment(arg, "begin"); ok {
		arg = rest
	} else if rest, ok := cutMoment(arg, "end"); ok {
		at, arg = end, rest
	}
	if v := fraction(arg, at); v != nil {
		return v
	}
	render := strftime.Compile(arg)
	if arg == "" {
		render = func(dst []byte, t time.Time) []byte { return t.AppendFormat(dst, clf) }
	}
	cache := new(seconds)
	return func(dst []byte, x *exchange.Exchange) []byte { return cache.append(dst, at(x), render) }
}

// cutMoment removes "begin" or "end" from an argument: alone or with a colon.
func cutMoment(arg, word string) (string, bool) {
	rest, ok := strings.CutPrefix(arg, word)
	if !ok || rest != "" && rest[0] != ':' {
		return arg, false
	}
	return strings.TrimPrefix(rest, ":"), true
}

// fraction builds the numeric forms, nil for any other.
func fraction(arg string, at func(*exchange.Exchange) time.Time) value {
	number := func(of func(time.Time) int64, width int) value {
		return func(dst []byte, x *exchange.Exchange) []byte {
			return strftime.AppendPadded(dst, of(at(x)), width, '0')
		}
	}
	switch arg {
	case "sec":
		return number(time.Time.Unix, 0)
	case "msec":
		return number(time.Time.UnixMilli, 0)
	case "usec":
		return number(time.Time.UnixMicro, 0)
	case "msec_frac":
		return number(func(t time.Time) int64 { return int64(t.Nanosecond() / 1e6) }, 3)
	case "usec_frac":
		return number(func(t time.Time) int64 { return int64(t.Nanosecond() / 1e3) }, 6)
	}
	return nil
}

// duration is %T. httpd: an unknown unit is itself the value.
func duration(arg string) value {
	unit := time.Second
	switch {
	case arg == "", ascii.EqualFold(arg, "s"):
	case ascii.EqualFold(arg, "ms"):
		unit = time.Millisecond
	case ascii.EqualFold(arg, "us"):
		unit = time.Microsecond
	default:
		return always(arg)
	}
	return func(dst []byte, x *exchange.Exchange) []byte {
		return strconv.AppendInt(dst, int64(elapsed(x)/unit), 10)
	}
}

func durationUS(dst []byte, x *exchange.Exchange) []byte {
	return appendMicros(dst, elapsed(x))
}

func appendMicros(dst []byte, d time.Duration) []byte {
	return strconv.AppendInt(dst, d.Microseconds(), 10)
}

// seconds caches one rendered text for each of the latest seconds: the time of
// a request is formatted once a second, not for each request. A request older
// than the newest second in its slot is rendered separately.
type seconds struct {
	slots [4]atomic.Pointer[second]
}

// second is one rendered second. It is immutable.
type second struct {
	unix int64
	text []byte
}

func (s *seconds) append(dst []byte, t time.Time, render func([]byte, time.Time) []byte) []byte {
	unix := t.Unix()
	slot := &s.slots[unix&3]
	c := slot.Load()
	switch {
	case c != nil && c.unix == unix:
		return append(dst, c.text...)
	case c != nil && c.unix > unix:
		return render(dst, t.Local())
	}
	c = &second{unix, render(nil, t.Local())}
	slot.Store(c)
	return append(dst, c.text...)
}
