// Package buffer is mod_buffer: the filter BUFFER, which gathers the small pieces
// of a body and passes them on as large ones.
//
// A flush passes at once, as in httpd: what waits for a slow backend is not kept
// back. Memory for a body is bounded by BufferSize and one piece.
//
// Imports module and the layers below it.
package buffer
