//go:build race

package authzcore_test

// raceEnabled: under the race detector pools drop objects at random, so that
// counting allocations means nothing.
const raceEnabled = true
