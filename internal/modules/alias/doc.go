// Package alias is mod_alias: Alias, AliasMatch and the Redirect directives.
//
// The directives of a server apply while a request is mapped, after ProxyPass: as
// in httpd, a ProxyPass for the same path wins. The Redirect directives of
// sections are fixups, so they also apply to requests that are mapped to a backend.
// A Redirect for a whole section applies during the mapping too.
//
// Imports module and the layers below it.
package alias
