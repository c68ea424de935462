// Package accesscompat is mod_access_compat: Order, Allow, Deny and Satisfy.
//
// A section with any of them drops all of those in outer sections. In Chain.Access
// the step must be before mod_authz_core's, which calls it for Satisfy Any. With
// Satisfy All, the default, both steps must allow a request.
//
// Imports module and the layers below it.
package accesscompat
