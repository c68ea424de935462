// Package proxyhtml is mod_proxy_html, which maps the links in HTML pages of
// backends to addresses that clients can use, and mod_xml2enc, which finds out the
// charset of a page and makes it UTF-8.
//
// A page is not parsed into a tree. scanner, which follows the tokenization of
// HTML, finds attributes, comments and scripts in a stream of bytes; what is not
// changed passes on byte for byte. Memory is bounded: a tag, and a script that is
// rewritten, are kept whole up to a limit.
//
// Imports module and the layers below it.
package proxyhtml
