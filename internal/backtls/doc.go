// Package backtls encrypts connections to backends, as mod_ssl's SSLProxy
// directives say: the client's side of handshakes, and what is checked of the
// backend's certificate.
//
// A Config is immutable and stands for one TLS identity: connections that it made
// for the same name may be shared. A Set returns the same Config for the same
// settings, so that idle connections and sessions outlive a reload.
//
// Imports ascii, crl, fault, lock, reactor and tlsconn.
package backtls
