package incident

import (
	"cmp"
	"slices"
	"time"

	"github.com/headgate/headgate/internal/fault"
	"github.com/headgate/headgate/internal/lock"
)

// The latest incidents are kept: those that an operator has to look at, and apart
// from them what clients did wrong or are not allowed, so that scanners do not push
// the others out.
const (
	KeptServer = 1024
	KeptClient = 512
)

// maxKeys limits the counters by virtual host, mapping and cause.
const maxKeys = 4096

// Book keeps incidents and counts them. The zero value is empty. It outlives reloads.
type Book struct {
	mu      lock.Mutex // guards what follows; held for a few lines
	server  ring
	client  ring
	byCause [fault.NumCauses]Total
	byKey   map[Key]int64
}

// Total is what is counted of a cause.
type Total struct {
	Cause fault.Cause
	Count int64
	Last  time.Time
	ID    string // of the latest
}

// Key is what is counted apart.
type Key struct {
	Host  string // ServerName of the virtual host
	Rule  string // the mapping; "": none
	Cause fault.Cause
}

// Other is the key of what happens where maxKeys is reached, with its cause.
const Other = "(other)"

// Add keeps and counts an incident, which must not be changed afterwards.
func (b *Book) Add(i *Incident) {
	k := Key{i.Host, i.Rule, i.Named}
	b.mu.Lock()
	defer b.mu.Unlock()
	if i.serious() {
		b.server.add(i, KeptServer)
	} else {
		b.client.add(i, KeptClient)
	}
	t := &b.byCause[i.Named]
	t.Count++
	t.Last, t.ID = i.At, i.ID
	if b.byKey == nil {
		b.byKey = map[Key]int64{}
	}
	if _, ok := b.byKey[k]; !ok && len(b.byKey) >= maxKeys {
		k.Host, k.Rule = Other, ""
	}
	b.byKey[k]++
}

// serious says that an operator has to look at i: it is no fault of a client.
func (i *Incident) serious() bool { return i.Named.About().Side == fault.Backend || i.Status >= 500 }

// Find returns the latest incident with an id; nil: it is not kept (any more).
func (b *Book) Find(id string) *Incident {
	for _, i := range b.latest(func(i *Incident) bool { return i.ID == id }, 1) {
		return i
	}
	return nil
}

// Last returns the latest incidents, the newest first: those that an operator has to
// look at, or all.
func (b *Book) Last(n int, all bool) []*Incident {
	return b.latest(func(i *Incident) bool { return all || i.serious() }, n)
}

// Recent returns how many of the kept incidents since a time have a cause, and how
// many of these the same worker.
func (b *Book) Recent(c fault.Cause, worker string, since time.Time) (n, same int) {
	for _, i := range b.latest(func(i *Incident) bool { return i.Named == c && !i.At.Before(since) }, KeptServer) {
		n++
		if worker != "" && i.Worker == worker {
			same++
		}
	}
	return n, same
}

// latest returns the newest incidents that fit.
func (b *Book) latest(fits func(*Incident) bool, n int) []*Incident {
	b.mu.Lock()
	all := append(slices.Clone(b.server.list), b.client.list...)
	b.mu.Unlock()
	all = slices.DeleteFunc(all, func(i *Incident) bool { return !fits(i) })
	slices.SortStableFunc(all, func(x, y *Incident) int { return y.At.Compare(x.At) })
	return all[:min(len(all), n)]
}

// Totals returns the causes that there were, the latest first.
func (b *Book) Totals() []Total {
	b.mu.Lock()
	all := b.byCause
	b.mu.Unlock()
	var list []Total
	for c := range all {
		if t := all[c]; t.Count > 0 {
			t.Cause = fault.Cause(c)
			list = append(list, t)
		}
	}
	slices.SortFunc(list, func(x, y Total) int { return cmp.Or(y.Last.Compare(x.Last), cmp.Compare(x.Cause, y.Cause)) })
	return list
}

// Counted is a count by virtual host, mapping and cause.
type Counted struct {
	Key
	Count int64
}

// Counts returns all counts, sorted.
func (b *Book) Counts() []Counted {
	b.mu.Lock()
	list := make([]Counted, 0, len(b.byKey))
	for k, n := range b.byKey {
		list = append(list, Counted{k, n})
	}
	b.mu.Unlock()
	slices.SortFunc(list, func(x, y Counted) int {
		return cmp.Or(cmp.Compare(x.Host, y.Host), cmp.Compare(x.Rule, y.Rule), cmp.Compare(x.Cause, y.Cause))
	})
	return list
}

// ring holds the latest incidents.
type ring struct {
	list []*Incident
	next int // the place of the next one, once the list is full
}

func (r *ring) add(i *Incident, most int) {
	if len(r.list) < most {
		r.list = append(r.list, i)
		return
	}
	r.list[r.next] = i
	r.next = (r.next + 1) % most
}
