package soak

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/headgate/headgate/internal/testkit"
)

// howLong is how long TestSoak loads one engine; TestSoakInProcess takes
// a fifth of that, but not less than 600 ms.
var howLong = flag.Duration("time", time.Second, "how long the load lasts")

// long is the duration from which trends are checked and every row must have been
// played; a shorter run shows only noise.
const long = 20 * time.Second

func TestMain(m *testing.M) { testkit.Main(m) }

// engines are the engines to test, as in test/script.
func engines() []string {
	if v := os.Getenv("SCRIPT_ENGINES"); v != "" {
		return strings.Split(v, ",")
	}
	return []string{"goroutine", "epoll"}
}

// TestSoak loads the program: memory, descriptors and threads. The engines are
// played side by side.
func TestSoak(t *testing.T) {
	testkit.Binary(t)
	for _, engine := range engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			play(t, startProgram, engine, *howLong)
		})
	}
}

// TestSoakInProcess loads a server of this process: goroutines, coroutines and
// heap. After the stop testkit.Main finds all other leaks.
func TestSoakInProcess(t *testing.T) {
	for _, engine := range engines() {
		t.Run(engine, func(t *testing.T) { play(t, startEmbedded, engine, max(*howLong/5, 600*time.Millisecond)) })
	}
}

// run is one server under load.
type run struct {
	t       *testing.T
	target  target
	load    *load
	steady  *backend
	mortal  *backend
	others  []*backend // every one, for the idle moments
	seed    uint64
	began   time.Time
	series  []sample
	round   int
	reloads int
	log     []string // lines that must not occur
}

// starter makes a target of a kind and returns the address it listens on.
type starter func(t *testing.T, engine, text string, vars map[string]string) (target, string)

func play(t *testing.T, start starter, engine string, length time.Duration) {
	steady, mortal, restless := newBackend(t), newBackend(t), newBackend(t)
	vars := map[string]string{
		"steady": steady.port(), "mortal": mortal.port(), "restless": restless.port(),
		"dead": fmt.Sprint(testkit.FreePort(t)), "idle": fmt.Sprint(testkit.FreePort(t)), "third": fmt.Sprint(testkit.FreePort(t)),
	}
	pattern()
	text, _ := conf(0)
	target, addr := start(t, engine, text, vars)
	r := &run{
		t: t, target: target, steady: steady, mortal: mortal, others: []*backend{steady, mortal, restless},
		seed: rand.Uint64(), began: time.Now(),
		load: &load{
			at:    place{addr: addr, idle: "127.0.0.1:" + vars["idle"], third: "127.0.0.1:" + vars["third"]},
			tally: &tally{seen: map[*row]map[string]*outcome{}},
		},
	}
	stop := trouble(mortal, restless)
	defer stop()

	before, beforeHeap := target.held(), target.heap()
	if length >= long {
		// The warm-up: memory that is allocated at first use and kept is not a leak.
		r.phase(length / 5)
		r.settle(before, "the first idle moment")
		before, beforeHeap = target.held(), target.heap()
	}
	r.phase(length - time.Since(r.began))
	r.settle(before, "the end")
	r.judge(length, beforeHeap)
}

// trouble makes one backend die and come back, and another hang up on idle
// connections, until the returned function is called.
func trouble(mortal, restless *backend) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			restless.hangUp(0.3)
			switch i % 30 {
			case 20:
				mortal.die()
			case 28:
				_ = mortal.rise()
			}
		}
	}()
	return func() { close(quit); <-done }
}

// phase loads the server for a time, with reloads and samples meanwhile.
func (r *run) phase(length time.Duration) {
	r.t.Helper()
	r.load.begin(r.seed + uint64(r.round))
	end := time.NewTimer(length)
	defer end.Stop()
	reload := time.NewTicker(min(time.Second, length/8))
	defer reload.Stop()
	look := time.NewTicker(min(max(length/100, time.Second), 5*time.Second, length/4))
	defer look.Stop()
	// Also when a reload fails the test: no client may be left over.
	defer r.load.end()
	for {
		select {
		case <-end.C:
			return
		case <-look.C:
			r.sample()
		case <-reload.C:
			r.round++
			r.reload(r.round)
		}
	}
}

func (r *run) sample() {
	s := r.target.measure()
	s.at, s.requests, s.failures = time.Since(r.began), r.load.tally.requests.Load(), r.load.tally.failures.Load()
	r.series = append(r.series, s)
	r.read()
}

func (r *run) reload(round int) {
	r.t.Helper()
	text, good := conf(round)
	if taken := r.target.reload(text); taken != good {
		r.read()
		r.t.Fatalf("reload %d: succeeded %v, want %v\n%s", round, taken, good, text)
	}
	r.reloads++
}

// alarming matches lines that no load may cause. There is also no connection
// to cut when the server stops: all clients are gone.
var alarming = regexp.MustCompile(`\bpanic\b|:(emerg|alert|crit)\]|\d connections cut`)

// read looks through the error log for lines that must never occur.
func (r *run) read() {
	for line := range strings.Lines(r.target.log()) {
		if alarming.MatchString(line) {
			r.log = append(r.log, line)
		}
	}
}

// settle waits until an idle server holds no more resources than before: with the first
// configuration, no client and no connection of a backend.
func (r *run) settle(before map[string]int, when string) {
	r.t.Helper()
	r.reload(0)
	var extra string
	if !testkit.Poll(testkit.Patience, func() bool {
		for _, b := range r.others {
			b.hangUp(1)
		}
		extra = more(before, r.target.held())
		return extra == ""
	}) {
		r.t.Errorf("%s: more than before:\n%s\n%s", when, extra, r.target.details())
	}
	r.sample()
}

func (r *run) judge(length time.Duration, beforeHeap int) {
	t := r.t
	t.Helper()
	heap := r.target.heap()
	err := r.target.stop()
	if err != nil {
		t.Error(err)
	}
	r.read()
	if len(r.log) > 0 {
		t.Errorf("the error log has %d lines like %s", len(r.log), r.log[0])
	}
	outcomes := r.load.tally.report(t, length >= long)
	if length >= long {
		for _, err := range []error{
			trend("memory (KiB)", r.series, rss, 4<<10),
			trend("threads", r.series, threads, 8),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		if grown := heap - beforeHeap; grown > max(beforeHeap/10, 2<<20) {
			t.Errorf("the heap grew from %d to %d bytes", beforeHeap, heap)
		}
	}
	t.Logf("seed %d, %d reloads, heap %d KiB before, %d KiB after\n%s\n%s",
		r.seed, r.reloads, beforeHeap>>10, heap>>10, table(r.series), outcomes)
}
