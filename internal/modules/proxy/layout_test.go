package proxy

import (
	"testing"
	"unsafe"
)

// What a request touches of its rule and its site is a cache line each: with
// ten thousand rules they are cold, and each line costs as much as fifty
// instructions.
func TestLayout(t *testing.T) {
	if n := unsafe.Sizeof(route{}); n != 64 {
		t.Errorf("a route has %d bytes", n)
	}
	if n := unsafe.Sizeof(branch{}); n != 88 { // with its text two cache lines
		t.Errorf("a branch has %d bytes", n)
	}
	var tr translator
	if n := unsafe.Offsetof(tr.routes) + 2*unsafe.Sizeof(0); n > 64 {
		t.Errorf("what a translator looks at ends at %d", n)
	}
	if a, b := unsafe.Sizeof(tr), unsafe.Sizeof(handler{}); a%64 != 0 || b%64 != 0 {
		t.Errorf("a translator has %d bytes, a handler %d", a, b)
	}
	var h handler
	if n := unsafe.Offsetof(h.Config) + unsafe.Offsetof(h.Config.Name); n > 128 {
		t.Errorf("what a handler looks at ends at %d", n)
	}
	if n := unsafe.Offsetof(tr.usual) + unsafe.Sizeof(tr.usual); n > 128 {
		t.Errorf("what is fetched of a translator ends at %d", n)
	}
	var f forwarder
	if n := unsafe.Offsetof(f.conf); n > 96 {
		t.Errorf("what a forwarder looks at ends at %d", n)
	}
	var p pair
	if n := unsafe.Sizeof(f); n != 128 || unsafe.Offsetof(p.forward) != 0 || unsafe.Offsetof(p.translate) != n {
		t.Errorf("a forwarder has %d bytes", n)
	}
}
