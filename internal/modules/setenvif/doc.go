// Package setenvif is mod_setenvif: SetEnvIf, SetEnvIfNoCase, SetEnvIfExpr,
// BrowserMatch and BrowserMatchNoCase.
//
// Directives outside of sections run as soon as a request is read, before it is mapped, and see its
// path as sent, in expressions too. Directives in sections run before access control and see the
// normalised path.
//
// Imports module and the layers below it.
package setenvif
