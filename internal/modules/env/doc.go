// Package env is mod_env: SetEnv, UnsetEnv and PassEnv.
//
// The variables are set by a step of Chain.Fixups, so that access control does
// not see them.
//
// Imports module and what is below it.
package env
