//go:build amd64 || arm64

package prefetch

import "unsafe"

// Lines fetches n cache lines of 64 bytes from p on, at least one.
//
//go:noescape
func Lines(p unsafe.Pointer, n int)
