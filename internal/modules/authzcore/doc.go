// Package authzcore is mod_authz_core: Require with its containers and merging,
// and the providers all, env, method and expr. Other providers are passed to New.
//
// The Require lines of a section form a tree. It is built while the configuration
// is read, and immutable afterwards. A step of Chain.Access evaluates it. If the
// verdict depends on the user, the step calls the chain's exchange.Authenticator
// and evaluates the tree again. Providers that need a database or a directory are
// refused: without its rule a resource would be open to everyone.
//
// Imports module and the layers below it.
package authzcore
