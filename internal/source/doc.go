// Package source reads a configuration from its files and executes, while
// reading, the directives httpd executes while reading: Include, Define,
// Macro, the conditional sections, LoadModule, ServerRoot, Error. What is left
// is one flat tree of nodes in which the later stages see no trace of files,
// conditions, variables or macros except in positions.
//
// Everything follows httpd, wording of the errors included, but for two things:
// reading goes on after an error, so that all errors of a tree come in one go,
// and the shared objects LoadModule names need not exist (only the names count).
//
// A Result is owned by the caller; nothing is shared or global. The files are
// reached through the FS seam alone, and no shell is ever run. The package
// imports ascii and syntax.
package source
