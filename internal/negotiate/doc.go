// Package negotiate chooses among variants of a document by what a client
// accepts: types, languages, charsets and encodings with their qualities, as httpd
// weighs them, or by the algorithm of RFC 2296 where the client asks for it.
//
// It is pure: variants come from type maps, which it parses, or from the caller, which found
// them. Qualities are float32, as httpd's, so that products compare alike.
//
// Imports ascii only.
package negotiate
