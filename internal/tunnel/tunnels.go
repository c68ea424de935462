package tunnel

import (
	"net/netip"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
)

// Tunnels holds the tunnels of a server. They outlive snapshots.
type Tunnels struct {
	lanes []lane // by loop
}

// lane holds the tunnels of one loop.
type lane struct {
	mu       lock.Mutex // guards what follows and the links of its tunnels; never held across a yield
	first    *Tunnel
	count    int
	total    int64
	watching reactor.Parker // on which its watchman waits; nil: there is none
	deadline time.Time      // when all must have ended; zero: never
	loop     reactor.Loop
}

// New makes the set for an engine with so many loops.
func New(loops int) *Tunnels { return &Tunnels{lanes: make([]lane, max(loops, 1))} }

func (s *Tunnels) lane(l reactor.Loop) *lane { return &s.lanes[l.Index()%len(s.lanes)] }

// Start joins two connections. It is called on a coroutine of their loop, and
// does not wait.
func (s *Tunnels) Start(c *Config) {
	l := c.Client.Loop()
	now := l.Now()
	t := &Tunnel{
		set: s, began: now.UnixNano(), idle: c.Idle, patience: c.Patience, ended: c.Ended,
		client: c.ClientAddr, way: c.Way,
	}
	t.moved.Store(now.UnixNano())
	t.dirs[0] = direction{t: t, from: c.Client, pending: kept(c.FromClient)}
	t.dirs[1] = direction{t: t, from: c.Backend, pending: kept(c.FromBackend)}
	s.lane(l).add(t, l)
	for i := range t.dirs {
		d := &t.dirs[i]
		_ = d.from.SetReadDeadline(time.Time{})
		_ = d.from.SetWriteDeadline(time.Time{})
		if d.pending != nil || d.from.Watch(d) != reactor.Watched {
			l.Spawn(d)
		}
	}
}

// kept copies bytes that were read ahead.
func kept(p []byte) *[]byte {
	if len(p) == 0 {
		return nil
	}
	p = slices.Clone(p)
	return &p
}

// add lists a tunnel, and starts a watchman of the lane if there is none.
func (n *lane) add(t *Tunnel, l reactor.Loop) {
	n.mu.Lock()
	defer n.mu.Unlock()
	t.next = n.first
	if n.first != nil {
		n.first.prev = t
	}
	n.first = t
	n.count++
	n.total++
	if n.watching == nil {
		n.loop, n.watching = l, l.NewParker()
		l.Spawn(&watchman{n, n.watching})
	}
}

// remove removes a tunnel from its list. False: it was removed before.
func (s *Tunnels) remove(t *Tunnel) bool {
	n := s.lane(t.dirs[0].from.Loop())
	n.mu.Lock()
	defer n.mu.Unlock()
	if t.over {
		return false
	}
	t.over = true
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		n.first = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	}
	t.prev, t.next = nil, nil
	n.count--
	if n.count == 0 {
		n.dismiss(n.loop)
	}
	return true
}

// dismiss wakes the watchman, which returns if the lane is empty. mu is held.
func (n *lane) dismiss(from reactor.Loop) {
	if n.watching != nil {
		n.watching.Unpark(from)
	}
}

// watchman ends the tunnels of a lane that are idle for too long, and all of
// them at the deadline. It ends with the last tunnel.
type watchman struct {
	lane   *lane
	parker reactor.Parker
}

// batch is how many tunnels it ends at once.
const batch = 64

// every is how often it checks.
const every = time.Second

// Run implements reactor.Runner.
func (w *watchman) Run() {
	n := w.lane
	for {
		n.mu.Lock()
		l := n.loop
		if n.count == 0 {
			n.watching = nil
			n.mu.Unlock()
			return
		}
		wake := l.Now().Add(every)
		if !n.deadline.IsZero() && n.deadline.Before(wake) {
			wake = n.deadline
		}
		n.mu.Unlock()
		w.parker.Park(wake)
		for i, d := range n.due(l.Now()) {
			if d.tunnel.end(d.cause, nil); i%batch == batch-1 {
				l.Go(pause{}).Wait() // let other coroutines run
			}
		}
	}
}

// pause is nothing to do: a coroutine that waits for it has a turn later.
type pause struct{}

// Run implements reactor.Runner.
func (pause) Run() {}

type due struct {
	tunnel *Tunnel
	cause  Cause
}

// due lists the tunnels whose time is up.
func (n *lane) due(now time.Time) (list []due) {
	n.mu.Lock()
	defer n.mu.Unlock()
	stop := !n.deadline.IsZero() && !now.Before(n.deadline)
	for t := n.first; t != nil; t = t.next {
		switch {
		case stop:
			list = append(list, due{t, Stopped})
		case t.idle > 0 && now.UnixNano()-t.moved.Load() >= int64(t.idle):
			list = append(list, due{t, WasIdle})
		}
	}
	return list
}

// Drain ends all tunnels by a deadline. It may be called from any thread.
func (s *Tunnels) Drain(deadline time.Time) {
	for i := range s.lanes {
		n := &s.lanes[i]
		n.mu.Lock()
		n.deadline = deadline
		n.dismiss(nil)
		n.mu.Unlock()
	}
}

// Info describes a tunnel in listings.
type Info struct {
	Client                  netip.AddrPort
	Way                     Way
	Began                   time.Time
	Moved                   time.Time // when the last byte moved
	FromClient, FromBackend int64     // bytes
}

// List describes the open tunnels, in no order. It may be called from any
// thread.
func (s *Tunnels) List() (list []Info) {
	for i := range s.lanes {
		n := &s.lanes[i]
		n.mu.Lock()
		for t := n.first; t != nil; t = t.next {
			list = append(list, Info{
				Client: t.client, Way: *t.way,
				Began: time.Unix(0, t.began), Moved: time.Unix(0, t.moved.Load()),
				FromClient: t.dirs[0].bytes.Load(), FromBackend: t.dirs[1].bytes.Load(),
			})
		}
		n.mu.Unlock()
	}
	return list
}

// Counts returns how many tunnels are open, and how many there were in total.
func (s *Tunnels) Counts() (open int, total int64) {
	for i := range s.lanes {
		n := &s.lanes[i]
		n.mu.Lock()
		open += n.count
		total += n.total
		n.mu.Unlock()
	}
	return open, total
}
