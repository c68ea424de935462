package server

// For tests of how a server follows its processors.
var (
	Capacity = capacity
	Followed = followed
)
