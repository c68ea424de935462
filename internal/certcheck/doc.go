// Package certcheck judges certificates of clients as OpenSSL does: it builds the
// chain to a trusted root and says what is wrong with it, in OpenSSL's order and by
// OpenSSL's numbers. crypto/x509 only says whether a chain is good, and optional_no_ca
// needs to know what else is wrong with a certificate whose issuer is unknown.
//
// A Verdict is independent of what a place demands: Judge applies SSLVerifyClient and
// SSLVerifyDepth to it, so that a certificate is looked at once for a connection.
//
// Everything is immutable and may be used by any thread. Imports crl and
// responder.
package certcheck
