// Package authzhost is mod_authz_host: authorization by the client's address and
// host name. It has no directives; Providers are passed to authzcore.New.
//
// Names are not looked up on a loop's thread. For Require host a client's name
// counts only if it resolves to the client's address again. For Require
// forward-dns a name's addresses are cached for their DNS lifetime.
//
// Imports module and the layers below it.
package authzhost
