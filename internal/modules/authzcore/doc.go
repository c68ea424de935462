// Package authzcore is mod_authz_core: Require with its containers and merging,
// and the providers all, env, method and expr. Other providers are passed to New.
//
// The conditions of a section are one tree, built while the configuration is
// read and immutable after; a step of Chain.Access walks it. Where the user decides
// it has the chain's exchange.Authenticator find out who that is, and walks the
// tree again. Kinds that ask a database or a directory are refused: a rule that
// is left out would leave open what it protects.
//
// Imports module and what is below it.
package authzcore
