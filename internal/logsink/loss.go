package logsink

import (
	"slices"
	"strings"
)

// Loss says how a destination fares.
type Loss struct {
	Dest    string
	Lines   int64 // lost since the destination was opened
	Waiting int64 // bytes that wait for it now
}

// Losses returns every open destination, by name.
func (r *Registry) Losses() []Loss {
	var list []Loss
	for _, a := range r.all() {
		a.queue.mu.Lock()
		waiting := a.queue.bytes
		a.queue.mu.Unlock()
		list = append(list, Loss{a.name, a.gone.Load(), int64(waiting)})
	}
	slices.SortFunc(list, func(a, b Loss) int { return strings.Compare(a.Dest, b.Dest) })
	return list
}

// Lost returns how many lines were lost since the start, over all destinations that
// are or were open.
func (r *Registry) Lost() int64 { return r.gone.Load() }
