// Package deflate is mod_deflate: the filters DEFLATE and INFLATE for responses, and
// DEFLATE for request bodies.
//
// Imports module and the layers below it.
package deflate
