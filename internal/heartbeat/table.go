package heartbeat

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/headgate/headgate/internal/lock"
	"github.com/headgate/headgate/internal/reactor"
)

// How long a server counts after its last heartbeat, and when it is forgotten
// (httpd: LBM_HEARTBEAT_MAX_LASTSEEN, SEEN_TIMEOUT).
const (
	alive     = 10 * time.Second
	forgotten = 30 * time.Second
)

// Source says how many requests servers have room for.
type Source interface {
	// Slots returns the slots of a server by its address, 0 if nothing is known or
	// it was not heard of lately. It does not allocate where nothing has changed.
	Slots(l reactor.Loop, host string) int
}

// Table has what servers said last, by their addresses. It is safe for concurrent
// use; reading takes no lock. The zero value is empty.
type Table struct {
	servers atomic.Pointer[map[string]*server] // replaced when one comes or goes
	mu      lock.Mutex                         // held while it is
	limit   int                                // of servers; 0: none
}

type server struct {
	beat atomic.Pointer[Beat]
	seen atomic.Int64 // in unix nanoseconds
}

func (t *Table) all() map[string]*server {
	if m := t.servers.Load(); m != nil {
		return *m
	}
	return nil
}

// Heard notes a heartbeat of host. False: there are too many servers.
func (t *Table) Heard(host string, b Beat, now time.Time) bool {
	s := t.all()[host]
	if s == nil {
		t.mu.Lock()
		defer t.mu.Unlock()
		next := maps.Clone(t.all())
		if next == nil {
			next = make(map[string]*server)
		}
		if s = next[host]; s == nil {
			if t.limit > 0 && len(next) >= t.limit {
				return false
			}
			s = new(server)
			next[host] = s
			t.servers.Store(&next)
		}
	}
	s.beat.Store(&b)
	s.seen.Store(now.UnixNano())
	return true
}

// Forget drops the servers that were not heard of for long.
func (t *Table) Forget(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := maps.Clone(t.all())
	maps.DeleteFunc(next, func(_ string, s *server) bool { return now.Sub(time.Unix(0, s.seen.Load())) > forgotten })
	t.servers.Store(&next)
}

// Slots implements Source.
func (t *Table) Slots(l reactor.Loop, host string) int {
	s := t.all()[host]
	if s == nil || l.Now().UnixNano()-s.seen.Load() >= int64(alive) {
		return 0
	}
	if b := s.beat.Load(); b != nil {
		return b.slots()
	}
	return 0
}

// Append appends the lines of the file, sorted (httpd: HeartbeatStorage).
func (t *Table) Append(dst []byte, now time.Time) []byte {
	servers := t.all()
	for _, host := range slices.Sorted(maps.Keys(servers)) {
		s := servers[host]
		b := s.beat.Load()
		if b == nil {
			continue
		}
		age := now.Sub(time.Unix(0, s.seen.Load())) / time.Second
		dst = append(append(dst, host...), " &ready="...)
		dst = strconv.AppendInt(dst, int64(b.Ready), 10)
		dst = strconv.AppendInt(append(dst, "&busy="...), int64(b.Busy), 10)
		dst = strconv.AppendInt(append(dst, "&lastseen="...), int64(max(age, 0)), 10)
		dst = strconv.AppendInt(append(dst, "&port="...), int64(b.Port), 10)
		dst = append(dst, '\n')
	}
	return dst
}

// ParseTable reads the lines of a file that was looked at now: an address, a
// blank and fields. A line without lastseen is of a server that is alive, as in
// httpd.
func ParseTable(text string, now time.Time) *Table {
	t := new(Table)
	servers := make(map[string]*server)
	for line := range strings.Lines(text) {
		host, fields, ok := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		if !ok || line[0] == '#' {
			continue
		}
		s := servers[host]
		if s == nil {
			s = new(server)
			s.beat.Store(&Beat{Port: 80, LastSeen: -1})
			servers[host] = s
		}
		b := *s.beat.Load() // what the line does not say is as an earlier one said
		b.fields(fields)
		s.beat.Store(&b)
		s.seen.Store(now.Add(-time.Duration(max(b.LastSeen, 0)) * time.Second).UnixNano())
	}
	t.servers.Store(&servers)
	return t
}
