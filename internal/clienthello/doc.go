// Package clienthello reads the server name that a client sends in the first message of TLS, as a pure function of
// bytes: the message is not answered, so that it may be passed on unchanged to a server that holds the certificate.
// crypto/tls reads a hello only as part of a handshake.
//
// Imports nothing.
package clienthello
