// Package setenvif is mod_setenvif: SetEnvIf, SetEnvIfNoCase, SetEnvIfExpr,
// BrowserMatch and BrowserMatchNoCase.
//
// What a server says outside of sections runs as soon as a request was read,
// before it is mapped, and sees its path as it was sent, in expressions too; what sections say runs
// before access control and sees the normalised path.
//
// Imports module and what is below it.
package setenvif
