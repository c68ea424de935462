// Package ascii holds the byte classes and the case folding that every protocol
// parser and the configuration language share.
//
// HTTP and httpd's configuration compare names by ASCII letters only, whatever
// the locale; the functions of unicode and strings fold more than that and are
// therefore wrong here. Everything works on a 256-entry table, never allocates
// (ToLower does when it has to change something) and never fails.
//
// The package owns no state and imports nothing.
package ascii
