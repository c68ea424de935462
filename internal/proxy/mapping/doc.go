// Package mapping decides which requests are passed to which backend: PassRule
// is one ProxyPass, Mapping the compiled list of a server, and Translator asks
// it. A target whose address the request decides is left to a Resolver.
//
// Bytes made for a request are in its Arena.
//
// May import: anything up to proxy/forward, but no module.
package mapping
