// Package wire is HTTP/1.x as pure functions over bytes: heads are found,
// parsed and printed here, bodies are de-chunked here, and the one verdict on
// how a message is framed is given here, for both sides.
//
// A head is read in two steps. A HeadScan finds its end while it arrives and
// applies the limits; ParseRequest or ParseResponse then fills a message whose
// slices borrow from the buffer. ReadRequest and ReadResponse are both steps in
// one, and one pass for the heads that are whole and plain, as most are. Requests are read strictly: what two readers
// could understand in two ways is refused (RFC 9112 section 11.2). Responses
// are read with httpd's leniency where it cannot move a message boundary, and
// a connection that needed it is not used again.
//
// Nothing here does I/O, keeps state between messages or owns memory. Parsing
// and printing do not allocate, refusing does not either: every Bad is
// declared once.
//
// Imports ascii and message.
package wire
