package reactor

import "time"

// Buffer implements Loop.
func (l *eloop) Buffer() *Buffer {
	n := len(l.buffers)
	if n == 0 {
		return l.newBuffer()
	}
	b := l.buffers[n-1]
	l.buffers[n-1] = nil
	l.buffers = l.buffers[:n-1]
	l.fewBuffs = min(l.fewBuffs, n-1)
	return b
}

// Buffers begin at different cache lines: if all were aligned alike, the heads
// at their beginnings would compete for a few sets of each cache while the rest
// stays empty.
const (
	colours    = 32
	colourStep = 64
)

func (l *eloop) newBuffer() *Buffer {
	l.colour = (l.colour + 1) % colours
	at := l.colour * colourStep
	b := make([]byte, BufferSize+colours*colourStep)
	return &Buffer{Bytes: b[at : at+BufferSize : at+BufferSize]}
}

// Return implements Loop.
func (l *eloop) Return(b *Buffer) {
	if b != nil {
		l.buffers = append(l.buffers, b)
	}
}

// trimEvery is how often free lists are trimmed. Half of what was not used in
// that time is freed, so that the memory of a peak does not stay; the floors
// are kept.
const (
	trimEvery   = int64(time.Second)
	coroFloor   = 16
	bufferFloor = 32
)

// trimDue returns when trim has something to do, 0 if not before there is
// traffic again.
func (l *eloop) trimDue() int64 {
	if len(l.coros) > coroFloor || len(l.buffers) > bufferFloor {
		return l.trimmed + trimEvery
	}
	return 0
}

func (l *eloop) trim() {
	if l.now-l.trimmed < trimEvery {
		return
	}
	l.trimmed = l.now
	for range surplus(l.fewCoros, len(l.coros), coroFloor) {
		co := l.coros[0]
		l.coros[0] = l.coros[len(l.coros)-1]
		l.coros[len(l.coros)-1] = nil
		l.coros = l.coros[:len(l.coros)-1]
		co.stop()
	}
	if n := surplus(l.fewBuffs, len(l.buffers), bufferFloor); n > 0 {
		rest := copy(l.buffers, l.buffers[n:])
		clear(l.buffers[rest:])
		l.buffers = l.buffers[:rest]
	}
	l.fewCoros, l.fewBuffs = len(l.coros), len(l.buffers)
}

// surplus says how many of have items to free when few of them were never used.
func surplus(few, have, floor int) int {
	return max(0, min((few+1)/2, have-floor))
}
