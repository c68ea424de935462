// Package users tests logging in on the running program with a real client: curl
// with its own implementation of Basic and Digest.
package users
