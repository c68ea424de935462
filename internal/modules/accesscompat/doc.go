// Package accesscompat is mod_access_compat: Order, Allow, Deny and Satisfy.
//
// A section with any of them replaces all of those around it. The step must
// stand in Chain.Access before mod_authz_core's, which asks it about Satisfy
// Any; with Satisfy All, the default, both must let a request pass.
//
// Imports module and what is below it.
package accesscompat
