// Package files opens the files that requests lead to and sends them, in one way for
// all: as content, as error documents and where a backend names one (X-Sendfile).
// It is httpd's default handler with what its core does to such a response: the
// head, conditions, ranges.
//
// Which file a request leads to, and whether it may be had, was decided before
// (exchange.LocalFile, access control). Nothing here blocks a loop: what is not in
// memory is read elsewhere (reactor.Await).
//
// Imports exchange, conditional, reactor and the layers below them.
package files
