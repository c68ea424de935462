// Package textmap is a map from texts to values for large tables with random
// access: names of virtual hosts, segments of mapped paths. A look-up of a text
// of ordinary length touches one cache line of the processor, where a Go map of
// strings touches three or four. In a table that is mostly not in the cache,
// that is most of the cost of a look-up.
//
// A Map is filled while a configuration is built and only read afterwards, by
// any number of goroutines.
//
// Imports nothing of this module.
package textmap
