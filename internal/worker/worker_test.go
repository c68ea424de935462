package worker

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/resolve"
	"github.com/headgate/headgate/internal/testkit"
	"github.com/headgate/headgate/internal/testkit/fakenet"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// bench is a worker over a fake network whose backend keeps connections open
// until told.
type bench struct {
	*Worker
	net *fakenet.Net

	mu   sync.Mutex
	ends map[int]*fakenet.End // by number of the connection
}

func newWorker(c Config, s *State) *Worker {
	w := New(c, nil, s)
	return &w
}

func newBench(loops int, c Config) *bench {
	b := &bench{net: fakenet.New(loops), ends: make(map[int]*fakenet.End)}
	c.Name, c.Scheme, c.Host, c.Port, c.Reuse = "http://b", "http", "192.0.2.9", 80, true
	b.Worker = newWorker(c, NewState(resolve.NewName(new(resolve.Resolver), c.Host, resolve.ByTTL), nil, loops))
	b.net.Backend = func(n int, e *fakenet.End) {
		b.mu.Lock()
		b.ends[n] = e
		b.mu.Unlock()
		_, _ = io.Copy(io.Discard, e)
		_ = e.Close()
	}
	return b
}

func (b *bench) on(loop int) *exchange.Exchange {
	return &exchange.Exchange{Loop: b.net.Loops[loop], Site: &exchange.Site{Timeout: time.Minute}}
}

func (b *bench) acquire(t *testing.T, loop int) *Conn {
	t.Helper()
	c, err := b.Acquire(b.on(loop), false)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// end checks that every slot came back.
func (b *bench) end(t *testing.T) {
	t.Helper()
	b.State.Close()
	b.net.Wait()
	if open, idle := b.State.Counts(); open != 0 || idle != 0 || b.net.Open() != 0 {
		t.Errorf("%d open, %d idle, %d connections left", open, idle, b.net.Open())
	}
}

func TestReuse(t *testing.T) {
	for _, tt := range []struct {
		name     string
		conf     Config
		peerIdle time.Duration
		idle     time.Duration
		reused   bool
	}{
		{"at once", Config{}, 0, 0, true},
		{"after long", Config{}, 0, time.Hour, true},
		{"within ttl", Config{TTL: 10 * time.Second}, 0, 9 * time.Second, true},
		{"beyond ttl", Config{TTL: 10 * time.Second}, 0, 10 * time.Second, false},
		{"within what the backend said", Config{}, 5 * time.Second, 3 * time.Second, true},
		{"a second before the backend's end", Config{}, 5 * time.Second, 4 * time.Second, false},
		{"the backend keeps one second", Config{}, time.Second, 600 * time.Millisecond, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(1, tt.conf)
				b.Release(b.acquire(t, 0), tt.peerIdle)
				fakenet.Pass(tt.idle)
				c := b.acquire(t, 0)
				if c.Reused != tt.reused || tt.reused && c.Idle != tt.idle {
					t.Errorf("reused %v, idle %v", c.Reused, c.Idle)
				}
				b.Discard(c)
				b.end(t)
			})
		})
	}
}

func TestFreshAndLoops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(2, Config{})
		b.Release(b.acquire(t, 0), 0)
		c, err := b.Acquire(b.on(0), true)
		if err != nil || c.Reused {
			t.Error("a fresh connection was asked for")
		}
		if d := b.acquire(t, 1); d.Reused {
			t.Error("a connection changed its loop")
		} else {
			b.Cut(d)
		}
		b.Discard(c)
		b.end(t)
	})
}

// The warmest connection is taken, so that the rest can age.
func TestLastInFirstOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(1, Config{})
		c1, c2 := b.acquire(t, 0), b.acquire(t, 0)
		b.Release(c1, 0)
		b.Release(c2, 0)
		if c := b.acquire(t, 0); c != c2 {
			t.Error("not the warmest")
		}
		b.Discard(c2)
		b.end(t)
	})
}

// max= holds over all loops; waiters get their turn in order, with a connection
// of the waiter's loop where there is one.
func TestMaxIsFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(2, Config{Max: 2})
		held := []*Conn{b.acquire(t, 0), b.acquire(t, 0)}
		var order []string
		give := make(chan struct{})
		for i, loop := range []int{0, 1, 0, 1} {
			b.net.Loops[loop].Go(runner(func() {
				c, err := b.Acquire(b.on(loop), i == 2)
				if err != nil {
					t.Error(err)
					return
				}
				order = append(order, fmt.Sprintf("%d:%v", i, c.Reused))
				<-give
				if i%2 == 0 {
					b.Release(c, 0)
				} else {
					b.Discard(c)
				}
			}))
			synctest.Wait()
		}
		if open, _ := b.State.Counts(); open != 2 {
			t.Errorf("%d open", open)
		}
		b.Release(held[0], 0) // granted to a waiter
		synctest.Wait()
		b.Release(held[1], 0) // of the other loop: closed, its slot is granted
		synctest.Wait()
		for range 4 {
			give <- struct{}{}
			synctest.Wait()
		}
		if s := fmt.Sprint(order); s != "[0:true 1:false 2:false 3:false]" {
			t.Errorf("order %s", s)
		}
		if open, idle := b.State.Counts(); open > 2 || open != idle {
			t.Errorf("%d open, %d idle", open, idle)
		}
		b.end(t)
	})
}

type runner func()

func (f runner) Run() { f() }

func TestAcquireTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(1, Config{Max: 1, Acquire: 300 * time.Millisecond})
		c := b.acquire(t, 0)
		start := time.Now()
		_, err := b.Acquire(b.on(0), false)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Status != 503 || f.Kind != fault.Exhausted || f.Retry != fault.Safe {
			t.Errorf("%v", err)
		}
		if took := time.Since(start); took != 300*time.Millisecond {
			t.Errorf("took %v", took)
		}
		// A waiter that gave up is no longer in the queue.
		b.Release(c, 0)
		if d := b.acquire(t, 0); d != c {
			t.Error("the connection was given to nobody")
		}
		b.Discard(c)
		b.end(t)
	})
}

// A waiter that gives up at the moment it is granted a slot must use or free
// it: the count is right in any case.
func TestAcquireTimeoutRace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(1, Config{Max: 2, Acquire: time.Millisecond})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 50 {
					c, err := b.Acquire(b.on(0), false)
					if err != nil {
						continue
					}
					fakenet.Pass(time.Millisecond)
					b.Release(c, 0)
				}
			})
		}
		wg.Wait()
		if open, idle := b.State.Counts(); open != idle || open > 2 {
			t.Errorf("%d open, %d idle", open, idle)
		}
		b.end(t)
	})
}

// An idle connection of another loop makes room under max=.
func TestEvict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(2, Config{Max: 1})
		b.Release(b.acquire(t, 0), 0)
		c := b.acquire(t, 1)
		if open, idle := b.State.Counts(); open != 1 || idle != 0 {
			t.Errorf("%d open, %d idle", open, idle)
		}
		b.Discard(c)
		b.end(t)
	})
}

func TestSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(1, Config{TTL: time.Minute})
		var cs []*Conn
		for range 4 {
			cs = append(cs, b.acquire(t, 0))
		}
		for _, c := range cs {
			b.Release(c, 0)
			fakenet.Pass(10 * time.Second)
		}
		b.Sweep(time.Now()) // ages 40, 30, 20, 10 s
		if _, idle := b.State.Counts(); idle != 4 {
			t.Errorf("%d idle", idle)
		}
		fakenet.Pass(25 * time.Second) // 65, 55, 45, 35
		b.Sweep(time.Now())
		if _, idle := b.State.Counts(); idle != 3 {
			t.Errorf("%d idle beyond ttl", idle)
		}
		b.mu.Lock()
		_ = b.ends[2].Close() // closed by the backend after 55 s idle
		b.mu.Unlock()
		b.Sweep(time.Now()) // learns 7/8 of that: 48 s
		if _, idle := b.State.Counts(); idle != 2 {
			t.Errorf("%d idle beside a dead one", idle)
		}
		fakenet.Pass(4 * time.Second) // 49, 39
		if c := b.acquire(t, 0); c != cs[3] {
			t.Error("the warm one is good")
		} else {
			b.Discard(c)
		}
		if c := b.acquire(t, 0); c.Reused {
			t.Error("older than what the backend was seen to keep")
		} else {
			b.Discard(c)
		}
		b.end(t)
	})
}

// A limit that was learned from a restart expires.
func TestLearnedIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(1, Config{})
		b.Release(b.acquire(t, 0), 0)
		fakenet.Pass(2 * time.Second)
		b.mu.Lock()
		_ = b.ends[1].Close()
		b.mu.Unlock()
		c := b.acquire(t, 0)
		b.Release(c, 0)
		fakenet.Pass(3 * time.Second)
		if c = b.acquire(t, 0); c.Reused {
			t.Error("beyond what was learned")
		}
		fakenet.Pass(idleLimitLife)
		b.Release(c, 0)
		fakenet.Pass(3 * time.Second)
		if c = b.acquire(t, 0); !c.Reused {
			t.Error("not forgotten")
		}
		b.Discard(c)
		b.end(t)
	})
}

// Close ends idle connections; busy ones and waiters are not left behind.
func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(1, Config{Max: 2})
		busy, idle := b.acquire(t, 0), b.acquire(t, 0)
		b.Release(idle, 0)
		b.State.Close()
		if open, n := b.State.Counts(); open != 1 || n != 0 {
			t.Errorf("%d open, %d idle", open, n)
		}
		other := b.acquire(t, 0)
		got := make(chan *Conn, 1)
		go func() {
			c, _ := b.Acquire(b.on(0), false)
			got <- c
		}()
		synctest.Wait()
		b.Release(busy, 0)
		c := <-got
		if c == nil || c.Reused {
			t.Error("who waited got nothing, or what should have ended")
		}
		b.Release(c, 0)
		b.Discard(other)
		b.end(t)
	})
}

func TestDialFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(1, Config{Max: 1})
		b.net.Refuse = true
		for range 3 {
			_, err := b.Acquire(b.on(0), false)
			var f *fault.Fault
			if !errors.As(err, &f) || f.Kind != fault.Refused || f.Retry != fault.Safe || f.Phase != fault.Connect {
				t.Errorf("%v", err)
			}
		}
		b.end(t)
	})
}

func TestUnresolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(1, Config{Max: 1})
		b.Worker = newWorker(b.Config, NewState(resolve.NewName(&resolve.Resolver{}, "", resolve.ByTTL), nil, 1))
		_, err := b.Acquire(b.on(0), false)
		var f *fault.Fault
		if !errors.As(err, &f) || f.Kind != fault.Unresolved || f.Phase != fault.Resolve {
			t.Errorf("%v", err)
		}
		b.end(t)
	})
}

func TestKey(t *testing.T) {
	a := Config{Name: "http://b", Scheme: "http", Host: "b", Max: 3, TTL: 5}
	same, other := a, a
	same.Max, same.TTL = 9, 1
	other.Source = netip.MustParseAddr("127.0.0.1")
	if Key("s", &a) != Key("s", &same) {
		t.Error("limits are no part of what a connection depends on")
	}
	if Key("s", &a) == Key("s", &other) || Key("s", &a) == Key("t", &a) {
		t.Error("source address and site are")
	}
}
