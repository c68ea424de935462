// Package balance decides which member of a balancer gets a request: who may be
// elected (status, spares, standbys, sets), which one is (methods), and to which one a
// session belongs (routes). Members come and go while a snapshot lives.
//
// Configuration is immutable and is in Member and Config; what changes is in the
// worker's State, in Score and in Group, which survive a reload.
//
// An election takes no lock. What it needs of the members is in a view, which is
// made again only when something about a member changes: a flag, the list, the
// time at which one in error is tried again. Loops share the view's numbers,
// which are atomic: two that elect at the same moment may choose alike, and the
// numbers make up for it with the next elections.
//
// Imports exchange, state, waitqueue, worker and what is below them.
package balance
