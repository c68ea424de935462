// Package info is mod_info: the page of SetHandler server-info, which shows the
// configuration in effect, line by line with how each is treated, the modules,
// and what they take part in.
//
// A configuration without such a handler pays nothing. Secrets in directives are
// not shown.
//
// Imports module and what is below it.
package info
