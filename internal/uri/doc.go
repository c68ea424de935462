// Package uri reads and writes the paths and URLs of requests as httpd does:
// normalising a request path, decoding it, encoding it again for a backend,
// naming workers, escaping for pages and redirects.
//
// Every function takes bytes and returns bytes. Functions that take buf write
// into buf[:0], and return their input itself when nothing had to change; those
// named Append... add to dst. With enough room none of them allocates. Nothing
// is kept: the result borrows from the input or from the buffer.
//
// Imports ascii only.
package uri
