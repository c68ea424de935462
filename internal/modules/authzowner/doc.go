// Package authzowner is mod_authz_owner: Require file-owner, which asks whether the
// file that a request is mapped to belongs to its user, and Require file-group of
// mod_authz_groupfile, which asks for the file's group. A request that is proxied
// has no file and is denied.
//
// Imports module and what is below it.
package authzowner
