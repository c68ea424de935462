// Package balance holds the members of a balancer and decides which of them may
// get a request: status, spares, standbys, sets, and members added or removed
// while a snapshot lives. The caller elects one of the eligible members.
//
// Configuration is immutable and is in Member; what changes is in the worker's
// State. Imports state, worker and the layers below them.
package balance
