// Package authzcore is mod_authz_core: Require with its containers and merging,
// and the providers all, env, method and expr. Other providers are passed to New.
//
// The conditions of a section are one tree, built while the configuration is
// read and immutable after; a step of Chain.Access walks it. Kinds that need to
// know the user are refused: there is no authentication, and a rule that is
// left out would leave open what it protects.
//
// Imports module and what is below it.
package authzcore
