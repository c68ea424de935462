// Package authnfile is mod_authn_file: users in files of htpasswd and htdigest.
//
// Store has what is kept between requests. The files themselves are read again
// after they have changed (package freshfile). Passwords whose stored form takes
// long to compare with are compared off the loop, few at a time, and the verdict
// is kept for a while, by loop: under a keyed hash of user, password and stored
// form, so that no password is in memory and a change in the file counts.
//
// Imports module and what is below it.
package authnfile
