// Package gunzip decodes gzip (RFC 1952, RFC 1951) from bytes that come in pieces.
//
// The decoders of the standard library pull from a reader, and lose their state
// when it has nothing yet. A filter of bodies gets its input piece by piece and
// must return between the pieces, so this one is pushed: it takes what there is,
// stops at any bit, and goes on with the next piece. It does no I/O, and its
// memory is one fixed block of about 80 KiB, however much a stream expands.
//
// Imports the standard library only.
package gunzip
