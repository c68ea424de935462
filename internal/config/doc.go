// Package config turns configuration files into a snapshot: read, apply,
// merge, build; and reports what it found (-t, -S, dumps, check).
//
// Loading never touches the running server: every fault of a file becomes a
// diagnostic with its position, and the snapshot is nil.
//
// Imports module and everything below it; the caller passes the list of
// modules.
package config
