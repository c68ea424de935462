// Package autoindex is mod_autoindex: listings of folders that have no index.
//
// A folder is read off the loop, each entry is looked at as a request for it would
// be, so that nobody sees names of what is forbidden, and the page is printed with
// httpd's markup. Without IndexStyleSheet the page has the look of the server's
// own pages around that.
//
// Imports module and the layers below it.
package autoindex
