// Command docgen writes the pages of docs/ that are generated from the rows of
// directives: compat.md, which says how each of httpd's directives is treated,
// and directives.md, which lists those that are supported; and causes.md, from the
// table of causes.
//
//	go run ./internal/docgen [folder]
//
// The program itself judges by the same rows, so a page cannot differ from the
// program. A test fails when a committed page is out of date. It imports
// config, directive and modules.
package main
