//go:build race

package hotpath

// raced: the race detector makes pools forget on purpose, so allocations do
// not count under it.
const raced = true
