package exchange

import (
	"math"
	"time"
)

// ReadTimes limit how long a client may take for its request.
type ReadTimes struct{ Handshake, Head, Body ReadTime }

// ReadTime is how long a client may take for one part of a request. The zero
// ReadTime does not limit it.
type ReadTime struct {
	First   time.Duration // the time at the beginning; 0: no limit
	Most    time.Duration // the most it may grow to; 0: no limit
	PerByte time.Duration // extra time for each byte received; 0: none
}

// For returns the whole time of a part of which n bytes have been received.
func (t *ReadTime) For(n int64) time.Duration {
	most := t.Most
	if most == 0 {
		most = math.MaxInt64 / 4 // still a time from now
	}
	if t.PerByte > 0 && n > int64((most-t.First)/t.PerByte) {
		return max(most, t.First)
	}
	return min(t.First+time.Duration(n)*t.PerByte, most)
}
