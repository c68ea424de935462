package soak

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Clients and how often each begins a row: a load that does not use all of the CPU.
const (
	clients = 30
	rhythm  = 100 * time.Millisecond
)

// place has the ports of a server: for everything, for idle connections, and the one that
// only every other configuration has.
type place struct{ addr, idle, third string }

// load is the clients and their outcomes.
type load struct {
	at    place
	tally *tally
	stop  chan struct{}
	busy  sync.WaitGroup
}

// tally counts outcomes by row.
type tally struct {
	requests, failures atomic.Int64

	mu   sync.Mutex // guards the fields below
	seen map[*row]map[string]*outcome
}

// outcome is how often something happened, and the first occurrence.
type outcome struct {
	count int
	first string
}

func (t *tally) note(r *row, what, detail string) {
	t.requests.Add(1)
	if !r.allows(what) {
		t.failures.Add(1)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.seen[r] == nil {
		t.seen[r] = map[string]*outcome{}
	}
	o := t.seen[r][what]
	if o == nil {
		o = &outcome{first: time.Now().UTC().Format("15:04:05.000000") + " " + detail}
		t.seen[r][what] = o
	}
	o.count++
}

func (r *row) allows(what string) bool { return slices.Contains(strings.Fields(r.may), what) }

// report fails the test for each outcome that no row allows, and for a row
// that ran without an outcome, and returns the others.
func (t *tally) report(tb testing.TB, all bool) string {
	tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(&b, "%-36s", r.name)
		for _, what := range sortedKeys(t.seen[r]) {
			o := t.seen[r][what]
			fmt.Fprintf(&b, " %s:%d", what, o.count)
			if !r.allows(what) {
				tb.Errorf("%s: %d times %s, allowed are %s; first %s", r.name, o.count, what, r.may, o.first)
			}
		}
		if all && len(t.seen[r]) == 0 {
			tb.Errorf("%s: no outcome", r.name)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func sortedKeys(m map[string]*outcome) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// begin starts the clients, which work until end.
func (l *load) begin(seed uint64) {
	l.stop = make(chan struct{})
	for i := range clients {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		l.busy.Go(func() { l.client(rng, l.stop) })
	}
}

// end lets the clients finish their rows; their connections are closed then.
func (l *load) end() {
	close(l.stop)
	l.busy.Wait()
}

// client plays the rows in the rhythm, all of them by their weights and then
// again in another order.
func (l *load) client(rng *rand.Rand, stop <-chan struct{}) {
	deck := deck()
	tick := time.NewTicker(rhythm + time.Duration(rng.IntN(int(rhythm/10))))
	defer tick.Stop()
	for {
		rng.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		for _, r := range deck {
			select {
			case <-stop:
				return
			case <-tick.C:
			}
			r.play(&visit{load: l, row: r, rng: rng})
		}
	}
}

func deck() []*row {
	var all []*row
	for i := range rows {
		for range rows[i].weight {
			all = append(all, &rows[i])
		}
	}
	return all
}
