// Package forward sends requests to backends: it makes workers and their handlers,
// adds the fields about the client (X-Forwarded-*, Via, Max-Forwards), and edits
// the responses that name a backend. Everything is plain values built from a
// configuration; the modules above read directives and fill these in.
//
// Bytes made for a request are in its Arena.
//
// May import: anything up to worker, but no module.
package forward
