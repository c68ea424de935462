// Package pages plays the pages that the server makes of itself, beside those of
// a real httpd and as the programs see them that read them.
package pages
