// Package balance knows the members of a balancer and which of them may get a
// request: status, spares, standbys, sets, and members that come and go while a
// snapshot lives. How one is elected among those that may is up to its callers.
//
// Configuration is immutable and is in Member; what changes is in the worker's
// State. Imports state, worker and what is below them.
package balance
