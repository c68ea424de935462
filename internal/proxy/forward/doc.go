// Package forward sends requests to backends: it makes workers with the handlers
// that use them, announces requests (X-Forwarded-*, Via, Max-Forwards), and
// edits the responses that name a backend. Everything is plain values built from a
// configuration; modules above it read directives and fill these in.
//
// Bytes made for a request are in its Arena.
//
// May import: anything up to worker, but no module.
package forward
