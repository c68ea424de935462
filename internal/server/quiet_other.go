//go:build !linux

package server

// quiet does nothing here: a leaving socket accepts connections until it is
// closed, and one that completes in that moment is reset.
func quiet(int) {}

func loud(int) {}
