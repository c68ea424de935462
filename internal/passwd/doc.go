// Package passwd knows the files of users and groups and the forms that
// passwords have in them: what htpasswd and htdigest write, and what crypt(3)
// makes.
//
// Match compares a password with a stored form. Some forms are meant to take
// long, so callers on a loop ask Cheap first. Users, Realms and Groups are the
// contents of a file, immutable once parsed.
//
// Everything here is a pure function of bytes: files are read by the callers.
// Imports ascii and syntax.
package passwd
