// Package authbasic is mod_auth_basic: AuthType Basic, in which a client sends user
// and password with each request (RFC 7617).
//
// Scheme is given to authncore.New, and asks the providers of users that were
// given to it and to New. AuthBasicFake is a fixup, and has nothing to do with
// who may.
//
// Imports module and what is below it.
package authbasic
