// Package soak runs mixed load for a long time, with reloads and dying
// backends, and looks for growth: memory, descriptors, goroutines.
//
// "go test ./test/soak" is a short form; "make soak" takes ten minutes. Each
// row of the table in rows_test.go is a kind of client with its allowed
// outcomes; any other outcome is a failure. TestSoak loads the program and
// checks its memory and descriptors, TestSoakInProcess a server in the test's
// own process, whose goroutines and heap can be counted.
package soak
