package exchange

import (
	"testing"
	"unsafe"
)

// The fields of site and chain that every request reads are on their first
// cache lines: with many hosts they are not in the cache. The total size does
// not matter.
func TestLayout(t *testing.T) {
	var s Site
	var c Chain
	for _, row := range []struct {
		what      string
		got, most uintptr
	}{
		{"hot part of a site", unsafe.Offsetof(s.Trace) + unsafe.Sizeof(s.Trace), 64},
		{"first line of a chain", unsafe.Offsetof(c.Access) + unsafe.Sizeof(c.Access), 64},
		{"hot part of a chain", unsafe.Offsetof(c.LimitBody) + unsafe.Sizeof(c.LimitBody), 192},
	} {
		if row.got > row.most {
			t.Errorf("%s: %d bytes, at most %d", row.what, row.got, row.most)
		}
	}
}
