// Package mime is mod_mime: what the extensions of a file's name say of its
// content, and which handler and filters it has.
//
// A step of Chain.Types looks at the name that a request was mapped to, and sets
// x.Media and the handler. All extensions count, in any order: page.en.html.gz is
// English text in HTML, compressed. Where two of them say the same kind of thing,
// the later one holds.
//
// Imports module and the layers below it.
package mime
