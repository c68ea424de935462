// Package seed runs the founding article's configurations, which are next to
// the repository, against the backends their readers would have. Addresses
// and ports are substituted, nothing else.
package seed
