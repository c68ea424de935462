// Package server starts, reloads and stops a Headgate process.
//
// A Server owns what outlives every configuration (clock, surviving state,
// logs, engine, pipeline, listening sockets) and replaces the snapshot in the
// pipeline on reload. One goroutine, that of Run or of the caller, starts,
// reloads and stops it.
//
// It imports everything below it. Flags, texts for people and exit codes belong
// to the command line.
package server
