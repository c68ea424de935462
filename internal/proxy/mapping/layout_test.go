package mapping

import (
	"testing"
	"unsafe"
)

// A request touches one cache line of its rule: with ten thousand rules they
// are not in the cache, and each line costs as much as fifty instructions.
func TestLayout(t *testing.T) {
	if n := unsafe.Sizeof(route{}); n > 64 {
		t.Errorf("a route has %d bytes", n)
	}
	if n := unsafe.Sizeof(branch{}); n > 88 { // with its text two cache lines
		t.Errorf("a branch has %d bytes", n)
	}
	var tr Translator
	if n := unsafe.Offsetof(tr.routes) + 2*unsafe.Sizeof(0); n > 64 {
		t.Errorf("what a translator looks at ends at %d", n)
	}
}
