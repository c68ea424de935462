// Package hostile plays attackers and broken peers against the running
// binary: the request matrix of internal/wire end to end, a named row for each
// known hole of other proxies, and the faults a backend can have.
//
// Run it with "go test ./test/hostile". It imports testkit only.
package hostile
