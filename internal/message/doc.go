// Package message holds the neutral form of an HTTP message: ordered header
// fields over borrowed bytes, a request, a response.
//
// Every []byte in a message is borrowed from the connection that read it or
// from the exchange's Arena and is valid until the exchange ends; code that
// keeps one longer clones it. Nothing here knows HTTP/1 syntax: wire parses and
// prints, front and backend engines move the bytes.
//
// Imports ascii.
package message
