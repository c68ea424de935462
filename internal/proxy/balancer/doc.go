// Package balancer sends requests to the members of balancers: what the
// configuration says of them (Definitions), and the Handler that elects a
// member, sends the request, and goes on to the next where that failed and the
// request may be repeated.
//
// Bytes made for a request are in its Arena.
//
// May import: anything up to proxy/forward and balance, but no module.
package balancer
