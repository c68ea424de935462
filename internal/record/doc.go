// Package record is what is decided about one request, as data: events that the
// pipeline and the modules hand to a Recorder while they decide. It is how
// "explain this request" is told apart from a second implementation of it: the
// real steps run, and say what they do.
//
// An exchange without a Recorder pays one comparison with nil where an event
// would be made, and allocates nothing. Events own their memory: they may be kept
// after the exchange has ended.
//
// Imports nothing.
package record
