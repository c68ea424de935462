//go:build race

package headers

// raceEnabled: under the race detector pools drop what they hold, so that
// counting allocations means nothing.
const raceEnabled = true
