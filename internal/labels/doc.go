// Package labels translates the labels of containers into Apache configuration text.
//
// Two tongues are understood: headgate.* (own.go) and the labels of Traefik (traefik.go and what follows it). Both become
// the same few types: services, which are balancers of containers, and routers, which say what requests a service takes.
// From these the text is written (site.go, write.go). It is ordinary configuration: the loader of files compiles it, and a
// person may save it and go on from there.
//
// Everything a container says is input of a stranger. Three rules keep it in its place:
//
//   - a value becomes part of the text only through the functions of quote.go, which refuse what Apache would interpret,
//     or as the canonical text of a tree that was checked node by node (conf.go);
//   - a host belongs to the files of the configuration first, then to the oldest container that names it (claims.go);
//   - each label has a verdict in the result, and a fault in one container changes nothing for another.
//
// Translate is a pure function: no I/O, no clock, the same result for the same containers in any order. It imports ascii,
// rx, syntax, expr, passwd and subnet.
package labels
