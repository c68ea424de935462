// Package server is the life of a Headgate process: start, reload, stop.
//
// A Server owns what outlives every configuration (clock, surviving state,
// logs, engine, pipeline, listening sockets) and replaces the snapshot in the
// pipeline on reload. One goroutine, that of Run or of the caller, starts,
// reloads and stops it; the others only serve.
//
// It imports everything below it. Flags, texts for people and exit codes are
// the command line's.
package server
