// Package labels plays requests against what the labels of containers become.
//
// A case is a text archive: the containers, options, requests, and what came of them, which -update writes. The text goes
// through the loader of files, and a request through the steps of a running server, as with headgate route.
package labels
