// Command headgate is the reverse proxy. With httpd's flags it behaves like
// httpd; a first argument that is not a flag is a subcommand.
//
// This package parses arguments, prints for people and decides exit codes; the
// packages below do the work. Exit codes: 0 success, 1 failure or a faulty
// configuration (as httpd), 2 wrong usage.
package main
