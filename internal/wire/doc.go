// Package wire is HTTP/1.x as pure functions over bytes. It finds, parses and
// prints heads, decodes chunked bodies, and contains the only decision on how a
// message is framed, for both sides.
//
// A head is read in two steps. A HeadScan finds its end while it arrives and applies the limits; ParseRequest or
// ParseResponse then fills a message whose slices borrow from the buffer. ReadRequest and ReadResponse do both steps
// at once, in one pass for complete and plain heads, which most are. Requests are read strictly: anything that two
// readers could understand in two ways is refused (RFC 9112 section 11.2). Responses are read with httpd's leniency
// where it cannot move a message boundary, and a connection that needed it is not used again.
//
// Nothing here does I/O, keeps state between messages or owns memory. Parsing,
// printing and refusing do not allocate: every Bad is declared once.
//
// Imports ascii and message.
package wire
