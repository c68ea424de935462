// Package http1 speaks HTTP/1.1 to a worker: one attempt prints the request
// from the exchange, streams its body while the answer may already be coming
// back, and relays the answer with back-pressure both ways.
//
// An attempt owns its connection until it gives it back to the worker's pool,
// and that only when both messages have ended exactly and nothing was read
// beyond. Borrowed bytes of the answer stay in buffers that the exchange
// holds until its log line is written.
//
// Imports exchange, fault, message, reactor, wire and worker.
package http1
