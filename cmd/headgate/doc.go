// Command headgate is the reverse proxy: httpd's own flags where the first
// argument is one, friendly subcommands otherwise.
//
// This package parses arguments, prints for people and decides exit codes;
// everything else is done below. Exit codes: 0 done, 1 it failed or the
// configuration is wrong (as httpd), 2 used wrongly.
package main
