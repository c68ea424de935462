// Package http1 is the codec of HTTP/1.x towards a worker: it prints the request
// from the exchange and reads the response. The attempt itself is package
// attempt's.
//
// Imports attempt, exchange, message and wire.
package http1
