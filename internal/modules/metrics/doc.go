// Package metrics is the page of SetHandler headgate-metrics: what was counted, for
// Prometheus and what reads the same formats.
//
// A configuration without such a handler counts nothing and pays nothing. The page is
// made off the loops. client_golang's types are made for one request of the page and
// dropped after it; what counts is in package internal/metrics.
//
// Imports module and what is below it.
package metrics
