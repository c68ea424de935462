// Command docgen writes the pages of docs/ that are made from the rows of
// directives: compat.md, which says of every directive httpd has what is done
// about it, and directives.md, which lists those that are supported.
//
//	go run ./internal/docgen [folder]
//
// The rows are the ones the program itself judges by, so a page cannot say
// something else than the program does; a test fails when a committed page is
// not what would be written. It imports config, directive and modules.
package main
