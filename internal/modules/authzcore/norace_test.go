//go:build !race

package authzcore_test

const raceEnabled = false
