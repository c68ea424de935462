// Package health checks the members of balancers: whether a connection opens,
// or what the response to a small request says (httpd: mod_proxy_hcheck).
//
// A snapshot has one Checks with a Check for each member that is checked. One
// coroutine waits for whatever is due next and starts it on another
// coroutine; so there is one check of a member at a time, however many loops there
// are, and no request waits for one. It begins when the snapshot becomes current
// and ends with that.
//
// Check and Definitions are immutable once built. What is found out is in the
// worker's Health, which survives a reload: the flag StatusCheckFailed, the
// latest outcome, and how many in a row speak against the present state.
//
// Imports worker, exchange, wire, expr, directive and what is below them.
package health
