package reactor_test

import (
	"testing"
	"time"

	"github.com/headgate/headgate/internal/reactor"
)

// yields is a coroutine that gives others their turn many times.
type yields struct {
	loop  reactor.Loop
	turns int
}

func (y *yields) Run() {
	for range 2000 {
		y.turns++
		y.loop.Yield()
	}
}

// To yield is no sleep: a loop with nothing else to do goes on at once.
func TestYield(t *testing.T) {
	each(t, func(t *testing.T, n engine) {
		n.on(t, func(l reactor.Loop) {
			began := time.Now()
			one, two := yields{loop: l}, yields{loop: l}
			first, second := l.Go(&one), l.Go(&two)
			first.Wait()
			second.Wait()
			if one.turns != 2000 || two.turns != 2000 {
				t.Errorf("%d and %d turns", one.turns, two.turns)
			}
			if took := time.Since(began); took > 10*time.Second { // two ticks of the wheel for each turn would be a minute
				t.Errorf("it took %v", took)
			}
		})
	})
}
