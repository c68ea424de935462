// Package metrics counts what becomes of requests, by the names that metrics have as
// labels: virtual host and mapping, and the backend that a request went to. It also
// has the table of all metrics.
//
// A Book belongs to a server and outlives its reloads. Every loop counts in its own
// memory, under its own lock, which a request takes once, at its end. Readers add the
// loops up.
//
// Imports lock.
package metrics
