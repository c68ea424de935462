// Package coding encodes response bodies for clients that accept it: gzip, brotli
// and zstd are rows of the same Filter.
//
// A Filter belongs to one combination of sections. It decides about a response by
// its head alone, as httpd's compressing filters do, and takes an encoder from a
// pool only if it will encode. Input is gathered in the encoder's own block and
// encoded when the block is full, or at once when nothing may follow for a while.
// A block that takes longer than a loop may stand still is encoded off the loop.
//
// Imports exchange, reactor and the layers below.
package coding
