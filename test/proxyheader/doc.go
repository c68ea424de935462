// Package proxyheader tests proxyprotocol=: which PROXY headers backends get, by every protocol, on each engine, and
// that nginx, HAProxy and httpd understand them.
package proxyheader
