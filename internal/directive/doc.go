// Package directive defines what directives mean. A Row says in which contexts a
// directive is allowed, what arguments it takes and which function sets it.
// Apply walks a syntax tree, judges it by the rows as httpd would, and lets the
// rows fill typed configurations.
//
// The package owns three things. Rows: Known is the table of every directive of
// httpd (and of well-known third-party ones), each with how this product treats
// it; modules replace rows by their own with Table.With. Scopes: main server,
// virtual hosts and sections, each with vectors of module configurations that
// typed Slots give access to, and the merge of two vectors. Judgement: contexts,
// arity and httpd's wording of errors.
//
// Scopes and configurations belong to the caller of Apply, and only that
// goroutine writes them. Once they are merged and compiled into a snapshot
// nobody writes them again. Tables and slots are immutable and may be shared.
//
// May import: ascii, clock, fault, rx, syntax.
package directive
