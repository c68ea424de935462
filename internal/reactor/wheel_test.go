package reactor

import (
	"math/rand/v2"
	"testing"
)

// alarm is an item with a deadline.
type alarm struct {
	k     links[alarm]
	at    int64
	fired int64
}

func (a *alarm) links() *links[alarm] { return &a.k }
func (a *alarm) due() int64           { return a.at }
func (a *alarm) expire(now int64)     { a.fired, a.at = now, 0 }

// Alarms that are set, moved and removed in any order expire once, never early
// and at most a tick after the wheel is turned past their deadline.
func TestWheel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var w wheel[alarm, *alarm]
	now := int64(1) << 40
	w.turn(now)
	all := make([]*alarm, 300)
	for i := range all {
		all[i] = new(alarm)
	}
	for range 20000 {
		a := all[r.IntN(len(all))]
		switch r.IntN(4) {
		case 0:
			w.remove(a)
			a.at = 0
		case 1:
			a.at = 0 // removed without telling the wheel
		default:
			a.at = now + 1 + r.Int64N(30<<30)
			w.touch(a)
		}
		before := now
		now += r.Int64N(1 << 28)
		if r.IntN(500) == 0 {
			now += 20 << 30 // more than a turn
		}
		next := w.next()
		w.turn(now)
		for _, a := range all {
			if a.fired == now && next > now {
				t.Fatalf("told at %d, expected nothing before %d", now, next)
			}
			a.fired = 0
			if a.at != 0 && a.at <= now-1<<tickShift {
				t.Fatalf("due at %d, not told at %d (was %d)", a.at, now, before)
			}
		}
	}
	for _, a := range all {
		w.remove(a)
	}
	if w.n != 0 || w.next() != 0 || w.full != [wheelSize / 64]uint64{} {
		t.Errorf("%d left, next %d", w.n, w.next())
	}
}

// A deadline that moves away costs nothing until the old one comes.
func TestWheelIsLazy(t *testing.T) {
	var w wheel[alarm, *alarm]
	a := &alarm{at: 1 << 30}
	w.touch(a)
	tick := a.k.tick
	a.at = 2 << 30
	w.touch(a)
	if a.k.tick != tick {
		t.Error("moved")
	}
	w.turn(1<<30 + 1<<tickShift)
	if a.fired != 0 || a.k.tick <= tick {
		t.Error("not put back")
	}
	a.at = 1<<30 + 2<<tickShift
	w.touch(a)
	w.turn(1<<30 + 4<<tickShift)
	if a.fired == 0 || a.k.tick != 0 {
		t.Error("an earlier deadline was not met")
	}
}

func BenchmarkWheelTouch(b *testing.B) {
	var w wheel[alarm, *alarm]
	a := new(alarm)
	now := int64(1) << 40
	for b.Loop() {
		now += 1000
		a.at = now + 60<<30
		w.touch(a)
		w.turn(now)
	}
}
