//go:build race

package hotpath

// raced: the race detector makes pools drop entries on purpose, so allocations do
// not count under it.
const raced = true
