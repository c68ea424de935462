// Package authdigest is mod_auth_digest: AuthType Digest, in which a client proves
// that it knows the password (RFC 7616 with MD5 and qop auth, as httpd has it).
//
// A nonce is the time it was made at with a keyed hash, so most need no memory.
// Clients keeps what AuthDigestNcCheck and one-time nonces need: which client got
// which nonce, and how often it was used. It outlives snapshots.
//
// Scheme is given to authncore.New. Imports module and what is below it.
package authdigest
