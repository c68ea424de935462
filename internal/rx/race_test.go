//go:build race

package rx

// raceEnabled: under the race detector pools drop their contents, so that
// counting allocations is pointless.
const raceEnabled = true
