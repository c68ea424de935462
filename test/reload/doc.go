// Package reload proves that a reload loses nothing: the binary takes a
// thousand SIGUSR1 under load, broken files among them, and no request fails.
//
// Run it with "go test ./test/reload"; -short makes it a hundred.
package reload
