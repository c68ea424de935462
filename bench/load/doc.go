// Package load has both ends of the proxy under test: the backend, and the clients that wrk cannot play.
// Each runs as a separate process (the benchmark starts itself with a role), so that it can be pinned to a core and
// never shares a runtime with the measuring process.
//
// Backend and the clients of the fixed rate are one event loop on raw epoll: a few microseconds for a request, no scheduler
// that could delay a request and make the proxy look slow. Clients with bodies and idle clients are plain goroutines, because
// only their totals count.
package load
