//go:build race

package expr

// raceEnabled: under the race detector pools drop objects at random, so that
// counting allocations means nothing.
const raceEnabled = true
