// Package authzhost is mod_authz_host: authorization by where a request comes
// from. It has no directives; Providers are given to authzcore.New.
//
// Addresses are compared unchanged. Names are looked up off the loop: for
// Require host a client's name counts only if it leads back to its address, and
// for Require forward-dns a name's addresses are kept as long as DNS says.
//
// Imports module and what is below it.
package authzhost
