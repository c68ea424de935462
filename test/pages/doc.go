// Package pages tests the pages that the server generates about itself, next to those of
// a real httpd, and the way programs read them.
package pages
