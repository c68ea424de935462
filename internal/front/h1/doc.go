// Package h1 is the HTTP/1.x client-side engine: it reads request heads, passes
// each to the Service as an Exchange, and writes the response.
//
// A session holds buffers and tables only while it has a request; between
// requests an idle connection is one small struct. The next request reuses the
// Exchange.
//
// Imports exchange, wire, message, reactor, fault and clock.
package h1
