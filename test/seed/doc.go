// Package seed runs the founding article's configurations, which lie beside
// the repository, against the backends their readers would have. Addresses
// and ports are substituted, nothing else.
package seed
