// Package control is the control socket of a running server: a unix socket
// beside the pid file, open to the user that started the server, on which one
// JSON object on a line is a request and one on a line the response. It knows
// nothing of what is asked for: the server brings a handler for each request by
// name, and a command asks by name.
//
// It owns the socket file and its connections. It imports lock only;
// it is of layer 4.
package control
