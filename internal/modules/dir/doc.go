// Package dir is mod_dir: what a request for a folder means, and where one goes
// for which there is no file.
//
// Its step comes last among the fixups. It looks at the file that the request was
// mapped to and asks, by look-ups, what would become of a request for each index
// file. The request then becomes that other one, of the same method and with the
// same body, without being mapped again.
//
// Imports module and what is below it.
package dir
