// Package remoteip is mod_remoteip: the client of a request when a proxy stands in
// front, by what that proxy says in a header field of each request or in the header
// of the PROXY protocol ahead of a connection.
//
// Everything that goes by the client's address follows: logs, access control,
// expressions, rewriting, what backends are told. The front reads PROXY headers
// (package proxyproto); here it is decided which connections have one.
//
// Imports module and what is below it.
package remoteip
