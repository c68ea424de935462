package logsink

import "time"

// turner is a sink that has something to do at certain times: lines that were
// collected before are written first.
type turner interface {
	next() time.Time // zero: at no time
	turn()
}

// turnCheck limits how long a turn is waited for without a look at the clock,
// which may be set meanwhile.
const turnCheck = time.Minute

// turns is the timer of a turner. The zero value and a sink that is none never
// fire.
type turns struct {
	sink  turner
	now   func() time.Time
	timer *time.Timer
	at    time.Time // of the turn the timer runs for
}

func newTurns(s sink, now func() time.Time) *turns {
	t := &turns{now: now}
	t.sink, _ = s.(turner)
	return t
}

// arm returns the channel that receives when it is time to look.
func (t *turns) arm() <-chan time.Time {
	if t.sink == nil {
		return nil
	}
	at := t.sink.next()
	switch {
	case at.IsZero():
		t.at = at
		return nil
	case t.timer == nil:
		t.timer = time.NewTimer(t.until(at))
	case !at.Equal(t.at):
		t.timer.Reset(t.until(at))
	}
	t.at = at
	return t.timer.C
}

func (t *turns) until(at time.Time) time.Duration {
	return min(max(at.Sub(t.now()), time.Millisecond), turnCheck)
}

// due says whether it is time, after the channel has received.
func (t *turns) due() bool {
	at := t.at
	t.at = time.Time{} // the timer has to be set again
	return !t.now().Before(at)
}

func (t *turns) stop() {
	if t.timer != nil {
		t.timer.Stop()
	}
}
