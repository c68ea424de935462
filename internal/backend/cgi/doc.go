// Package cgi is what the protocols for programs have in common (FastCGI, SCGI,
// uwsgi): the variables that describe a request, and the head of a program's
// response (RFC 3875).
//
// The variables are set in the environment of the exchange, as httpd does it, so
// that logs and expressions see them. Their bytes belong to the exchange.
//
// Imports ascii, exchange, message, uri, wire and what is below them.
package cgi
