// Package source reads a configuration from its files and executes the
// directives that httpd executes while reading: Include, Define, Macro, the
// conditional sections, LoadModule, ServerRoot, Error. The result is one flat
// tree of nodes: for later stages only positions tell of files, conditions,
// variables or macros.
//
// Everything follows httpd, including the wording of errors, with two
// exceptions: reading continues after an error, so that all errors of a tree are
// reported at once, and the shared objects named by LoadModule need not exist
// (only the names count).
//
// A Result belongs to the caller; nothing is shared or global. All files are
// read through FS, and no shell is ever run. The package imports ascii and
// syntax.
package source
