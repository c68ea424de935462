// Package alias is mod_alias: Alias, AliasMatch and the Redirect directives.
//
// What servers say is asked while a request is mapped, behind ProxyPass: a
// ProxyPass for the same path wins, as in httpd. What sections say of redirects
// is asked there too, where it is one URL for the whole section, and again as a
// fixup, which also comes for requests that are mapped to a backend.
//
// Imports module and what is below it.
package alias
