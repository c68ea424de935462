package prefetch

import (
	"testing"
	"unsafe"
)

// Whatever the address, nothing happens that could be seen.
func TestLines(t *testing.T) {
	b := make([]byte, 256)
	Lines(unsafe.Pointer(&b[1]), 3)
	Lines(nil, 2)
	for i, c := range b {
		if c != 0 {
			t.Errorf("byte %d is %d", i, c)
		}
	}
}
