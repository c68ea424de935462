// Package proxyhcheck is mod_proxy_hcheck: templates and conditions of health
// checks. The parameters that use them are mod_proxy's, the checks are made by
// package health.
//
// Imports module, health and what is below them.
package proxyhcheck
