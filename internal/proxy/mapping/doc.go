// Package mapping decides which requests go to which backend: PassRule is one
// ProxyPass, Mapping the compiled list of a server, and Translator applies it.
// Targets finds the handler of a target whose address the request decides.
//
// Bytes made for a request are in its Arena.
//
// May import: anything up to proxy/forward, but no module.
package mapping
