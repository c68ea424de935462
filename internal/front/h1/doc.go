// Package h1 is the HTTP/1.x client-side engine: it reads request heads,
// hands each to the Service as an Exchange, and writes the response.
//
// A session holds its buffers and tables only while it has a request; between
// requests an idle connection is one small struct. The exchange it lends out
// is reused for the next request.
//
// Imports exchange, wire, message, reactor, fault and clock.
package h1
