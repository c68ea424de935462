// Package http1 is the codec of HTTP/1.x for workers: it prints the request from
// the exchange and reads the response. Package attempt runs the attempt.
//
// Imports attempt, exchange, message and wire.
package http1
