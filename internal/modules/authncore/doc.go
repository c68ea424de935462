// Package authncore is mod_authn_core: AuthType, AuthName, and providers of users
// that a configuration defines by <AuthnProviderAlias>.
//
// Kinds of authentication and providers are given to New. What it adds to a chain
// is the exchange.Authenticator, which access control asks when the user decides.
// An AuthType that is an expression may say another kind for each request.
//
// Imports module and what is below it.
package authncore
