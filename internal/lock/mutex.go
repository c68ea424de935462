package lock

import (
	"sync"
	"sync/atomic"
)

// Mutex is a sync.Mutex that must not be held across a yield of a coroutine.
// The zero value is unlocked. It must not be copied.
type Mutex struct {
	mu sync.Mutex
}

var _ sync.Locker = (*Mutex)(nil)

// checked says that checks are on.
var checked atomic.Bool

// Check turns the checks on for the rest of the process. Call it before
// anything is locked and before any loop runs. A check costs about a tenth of a
// microsecond, so only tests use it.
func Check() { checked.Store(true) }

// Checked says whether checks are on.
func Checked() bool { return checked.Load() }

// Lock waits until nobody else holds m.
func (m *Mutex) Lock() {
	m.mu.Lock()
	if checked.Load() {
		m.taken()
	}
}

// TryLock takes m unless somebody holds it, and says whether it did.
func (m *Mutex) TryLock() bool {
	ok := m.mu.TryLock()
	if ok && checked.Load() {
		m.taken()
	}
	return ok
}

// Unlock lets others take m. The caller must hold it.
func (m *Mutex) Unlock() {
	if checked.Load() {
		m.released()
	}
	m.mu.Unlock()
}
