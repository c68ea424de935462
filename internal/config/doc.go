// Package config turns configuration files into a snapshot: read, apply,
// merge, build; and reports what it found (-t, -S, dumps, check).
//
// Loading never touches what runs: whatever is wrong with a file is a
// diagnostic with its position, and the snapshot is nil.
//
// Imports module and everything below it; the list of modules is handed in.
package config
