// Package discover turns what other programs say of a machine into configuration
// text: containers with labels, and files with the members of balancers. Nothing
// here configures a server. A Hub keeps the sources that a configuration names,
// says when there is something new, and has each source's contribution as text,
// which the server compiles as it compiles files.
//
// What a source says is input, written by others. It cannot take what files have:
// Facts say what that is.
//
// It imports labels, filewatch, source's Text and lock.
package discover
