package exchange

import (
	"strconv"
	"time"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/metrics"
)

// Try is one attempt to get a response from a worker. FirstByte and Took count
// from Began; Queue, Resolve, Connect and Handshake are durations. Zero: it did
// not get that far.
type Try struct {
	Worker string        // name of the worker
	Addr   string        // where the connection leads; "" if there was none
	Reused bool          // the connection came from the pool
	Idle   time.Duration // for how long it had been idle
	Port   uint16        // our end of the connection; 0: it has none
	Status int           // of the worker's response; 0: no head came

	Began     time.Time
	Queue     time.Duration // waiting for a slot under max=
	Resolve   time.Duration // looking up the name
	Connect   time.Duration // opening connections, including those that failed
	Handshake time.Duration // TLS
	FirstByte time.Duration // until the first byte of a response
	Took      time.Duration // until its end

	Fault *fault.Fault // why it failed; nil: it did not fail

	Meter *metrics.Backend // counts the attempts at the worker
}

// End records when the try ended. It may be called on nil.
func (t *Try) End(now time.Time) {
	if t != nil {
		t.Took = now.Sub(t.Began)
	}
}

// maxTries is how many tries an exchange keeps: the first ones, and the last.
const maxTries = 4

// Tries are the attempts of an exchange.
type Tries struct {
	kept  [maxTries]Try
	n     int // of kept
	begun int
	told  int // how many of kept the error log has mentioned
}

// Begin adds a try. Above the limit it replaces the last one.
func (t *Tries) Begin(worker string, now time.Time) *Try {
	t.begun++
	if t.n < maxTries {
		t.n++
	} else {
		t.kept[t.n-1] = Try{}
	}
	last := &t.kept[t.n-1]
	last.Worker, last.Began = worker, now
	return last
}

// All returns the kept tries in order.
func (t *Tries) All() []Try { return t.kept[:t.n] }

// Begun returns how many tries there were.
func (t *Tries) Begun() int { return t.begun }

// Last returns the latest try, nil if there is none.
func (t *Tries) Last() *Try {
	if t.n == 0 {
		return nil
	}
	return &t.kept[t.n-1]
}

// reset empties those that were used.
func (t *Tries) reset() {
	clear(t.kept[:t.n])
	t.n, t.begun, t.told = 0, 0, 0
}

// Before describes the tries before the one with the fault f, for the error log:
// "http://a:1 (closed after 0.100ms, on a connection idle for 5.000s)". It
// describes each try once. "": there was none.
func (t *Tries) Before(f *fault.Fault) string {
	var b []byte
	tries := t.kept[min(t.told, t.n):t.n]
	for i := range tries {
		y := &tries[i]
		if y.Fault == nil || y.Fault == f {
			continue
		}
		if len(b) > 0 {
			b = append(b, ", "...)
		}
		b = y.append(b)
	}
	if left := t.begun - t.n; left > 0 && len(b) > 0 {
		b = append(b, " and "...)
		b = strconv.AppendInt(b, int64(left), 10)
		b = append(b, " more"...)
	}
	t.told = t.n
	return string(b)
}

func (t *Try) append(b []byte) []byte {
	b = append(b, t.Worker...)
	b = append(b, " ("...)
	b = append(b, t.Fault.Kind.String()...)
	b = append(b, " after "...)
	b = appendMillis(b, t.Took)
	if t.Reused {
		b = append(b, ", on a connection idle for "...)
		b = appendMillis(b, t.Idle)
	}
	return append(b, ')')
}

// AppendFields appends what a try did as name=value, for the error log: "conn=reused
// idle=5000.000ms first-byte=12.100ms". tries is how many there were.
func (t *Try) AppendFields(b []byte, tries int) []byte {
	switch {
	case t.Reused:
		b = appendMillis(append(b, "conn=reused idle="...), t.Idle)
	case t.Addr == "":
		b = append(b, "conn=none"...)
	default:
		b = append(b, "conn=new"...)
	}
	for _, p := range t.Phases() {
		b = append(append(append(b, ' '), p.Name...), '=')
		b = appendMillis(b, p.Took)
	}
	if tries > 1 {
		b = strconv.AppendInt(append(b, " tries="...), int64(tries), 10)
	}
	return b
}

// Phase is the time of a part of a try.
type Phase struct {
	Name string // "queue", "resolve", "connect", "tls", "first-byte"
	Took time.Duration
}

// Phases returns the parts of a try that took time, in their order.
func (t *Try) Phases() (list []Phase) {
	for _, p := range [...]Phase{{"queue", t.Queue}, {"resolve", t.Resolve}, {"connect", t.Connect}, {"tls", t.Handshake}, {"first-byte", t.FirstByte}} {
		if p.Took > 0 {
			list = append(list, p)
		}
	}
	return list
}

// appendMillis prints a time as a fault's line does.
func appendMillis(b []byte, d time.Duration) []byte {
	return append(strconv.AppendFloat(b, d.Seconds()*1000, 'f', 3, 64), "ms"...)
}

// Millis is a time as lines of the error log show it: 0.176ms.
func Millis(d time.Duration) string { return string(appendMillis(nil, d)) }
