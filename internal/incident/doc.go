// Package incident keeps the latest faults of requests, and counts all of them by
// cause: what "headgate explain", the status page and the metrics read. An incident
// is a copy: it outlives its exchange, and a reload. It has no query, no header
// field and no credentials.
//
// Nothing here is touched by a request without a fault. Imports fault and lock.
package incident
