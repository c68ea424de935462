// Package crl checks chains of certificates against lists of revoked ones, as
// OpenSSL does for mod_ssl: SSLCARevocationFile, Path and Check towards clients,
// and the SSLProxy directives of the same names towards backends. Both sides
// share it.
//
// A module reads the directives with ParsePolicy, ReadFile and ReadFolder when the
// configuration is built, and makes one Lists of all that was read. For each
// handshake that a CA's chain was found for, Lists.CheckAny is called; its *Error
// has OpenSSL's number and text, which mod_ssl writes to the error log and to
// SSL_CLIENT_VERIFY.
//
// All of it are pure functions, apart from reading the files. A Lists is immutable,
// and any thread may use it. The signature of a list is checked once for each key,
// not in each handshake.
//
// Imports nothing of this program.
package crl
