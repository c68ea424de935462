// Package reload tests that a reload loses nothing: the binary gets a
// thousand SIGUSR1 under load, some with broken files, and no request fails.
//
// Run it with "go test ./test/reload"; -short makes it a hundred.
package reload
