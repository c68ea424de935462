package server

// For tests of what a server does with its processors.
var (
	Capacity = capacity
	Followed = followed
)
