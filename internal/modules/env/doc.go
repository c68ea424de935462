// Package env is mod_env: SetEnv, UnsetEnv and PassEnv.
//
// A step of Chain.Fixups sets the variables, so that access control does not
// see them.
//
// Imports module and the layers below it.
package env
