// Package snapshot is one compiled configuration: the virtual hosts and how one
// is chosen, the sections of each and how they combine, and the count of
// exchanges that still use it.
//
// A Snapshot is immutable except for its reference count and the cache of
// section combinations. It is published by one atomic store and closed when the
// last exchange that bound it has ended.
//
// Imports exchange, directive, prefix, state, listen, rx and textmap.
package snapshot
