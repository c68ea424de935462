// Package authzuser is mod_authz_user: Require user and Require valid-user. It has
// no directives; Providers are given to authzcore.New.
//
// Imports module and what is below it.
package authzuser
