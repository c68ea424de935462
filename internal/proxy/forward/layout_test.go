package forward

import (
	"testing"
	"unsafe"
)

// The fields that every request reads are on the first two cache lines: with
// thousands of hosts they are not in the cache.
func TestLayout(t *testing.T) {
	var h Handler
	if n := unsafe.Offsetof(h.Config) + unsafe.Offsetof(h.Config.Name); n > 128 {
		t.Errorf("what a handler looks at ends at %d", n)
	}
	var f Forwarder
	if n := unsafe.Offsetof(f.rewrites); n > 96 {
		t.Errorf("what a forwarder looks at ends at %d", n)
	}
}
