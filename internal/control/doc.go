// Package control is the control socket of a running server: a unix socket next
// to the pid file, open to the user that started the server. A request is one
// JSON object on a line, and so is the response. The package knows none of the
// requests: the server supplies a handler for each by name, and a client names
// the one it wants.
//
// It owns the socket file and its connections. It imports lock only;
// it is of layer 4.
package control
