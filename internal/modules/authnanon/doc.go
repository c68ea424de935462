// Package authnanon is mod_authn_anon: users who need no password, only an address
// of mail in its place.
//
// Imports module and what is below it.
package authnanon
