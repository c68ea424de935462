// Package responder asks OCSP responders about certificates, and judges what they say
// (RFC 6960): for the server's own certificates, whose responses go with handshakes, and for
// those of clients.
//
// Requests block: they are made off the loops. Nothing here keeps state, but for the
// connections of a Client while a request is under way. Imports ascii; it
// is at layer 1.
package responder
