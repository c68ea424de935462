// Package directive gives directives their meaning: a Row says where a
// directive may stand, what arguments it takes and which function sets it; Apply
// walks a syntax tree, judges it by the rows as httpd would, and lets the rows
// fill typed configurations.
//
// The package owns three things. The rows: Known is the table of every
// directive httpd has (and of well-known third-party ones), each with what this
// product does about it; modules put their own rows over it with Table.With. The
// scopes: main server, virtual hosts and sections, each with vectors of module
// configurations reached through typed Slots, and the merge of two vectors. The
// judgement: contexts, arity and httpd's words for what is wrong with them.
//
// Scopes and configurations belong to whoever called Apply and are written by
// that one goroutine; once merged and compiled into a snapshot nobody writes
// them again. Tables and slots are immutable and may be shared.
//
// May import: ascii, clock, fault, rx, syntax.
package directive
