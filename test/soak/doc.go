// Package soak plays mixed load for a long time, with reloads and dying
// backends, and looks for what grows: memory, descriptors, goroutines.
//
// "go test ./test/soak" is a short form; "make soak" takes ten minutes. Each
// row of the table in rows_test.go is a kind of client with the outcomes it
// may meet; any other outcome is a failure. TestSoak loads the program and
// judges its memory and descriptors, TestSoakInProcess a server in the test's
// own process, whose goroutines and heap can be counted.
package soak
