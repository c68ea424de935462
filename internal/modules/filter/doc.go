// Package filter is mod_filter: filters that are chosen by the response, with
// FilterDeclare, FilterProvider, FilterChain, FilterProtocol and
// AddOutputFilterByType.
//
// Imports module and the layers below it.
package filter
