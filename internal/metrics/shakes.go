package metrics

import "time"

// ShakeCounts are what was counted of the TLS handshakes with the clients of a virtual
// host.
type ShakeCounts struct {
	Full, Resumed int64
	Failed        Reasons
}

// Shook counts a handshake that succeeded. loop is the index of the loop that it ran
// on.
func (h *Host) Shook(loop int, resumed bool) {
	l := h.book.Loop(loop)
	l.Lock()
	c := h.shakes.of(loop)
	if resumed {
		c.Resumed++
	} else {
		c.Full++
	}
	l.Unlock()
}

// ShakeFailed counts a handshake that failed.
func (h *Host) ShakeFailed(loop int, reason string, now time.Time) {
	l := h.book.Loop(loop)
	l.Lock()
	h.shakes.of(loop).Failed.Count(reason, "", now)
	l.Unlock()
}

// Shakes adds up the loops.
func (h *Host) Shakes() (sum ShakeCounts) {
	h.shakes.each(h.book, func(c *ShakeCounts) {
		sum.Full += c.Full
		sum.Resumed += c.Resumed
		sum.Failed.add(c.Failed)
	})
	return sum
}
