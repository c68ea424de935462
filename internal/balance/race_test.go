//go:build race

package balance

// raceEnabled: under the race detector pools drop objects at random, so that
// counting allocations means nothing.
const raceEnabled = true
