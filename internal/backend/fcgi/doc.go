// Package fcgi is FastCGI as a codec of backend/attempt: the role of a responder,
// one request at a time on a connection, whose id is always 1.
//
// A request is a record that begins it, the variables of package cgi, and the body
// as standard input. A response is records of standard output, of which the
// head may come in pieces, texts for the error log, and a record that ends it.
//
// Reference: FastCGI specification 1.0; httpd: mod_proxy_fcgi.
//
// Imports attempt, cgi, exchange and what is below them.
package fcgi
