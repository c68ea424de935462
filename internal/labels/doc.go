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
//   - a host belongs to the files of the configuration first, then to the oldest container that names it (site.go);
//   - each label has a verdict in the result, and a fault in one container changes nothing for another.
//
// Translate is a pure function: no I/O, no clock, the same result for the same containers in any order. A Translator has the
// same result, one change after the other, and does only what a change concerns:
//
//   - a translation (model.go) translates some containers, and notes which names it uses (uses.go), which answers it was given
//     (question.go) and which middlewares of others it took (catalog.go);
//   - containers that use the same names are a group (group.go, settle.go). Others cannot change what becomes of it, except
//     for routers that name no host: one group has all of these, and lends them to the others;
//   - outcomes of groups (outcome.go) are parts of sorted lists, from which the result is gathered (gather.go).
//
// It imports ascii, rx, syntax, expr, passwd and subnet.
package labels
