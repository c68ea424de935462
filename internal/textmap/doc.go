// Package textmap is a map from texts to values for tables that are large and
// asked at random: names of virtual hosts, segments of mapped paths. A look-up
// of a text of ordinary length touches one line of the processor's cache, where
// a Go map of strings takes three or four; in a table that is mostly cold that
// is most of what a look-up costs.
//
// A Map is filled while a configuration is built and only read afterwards, by
// any number of goroutines.
//
// Imports nothing of this module.
package textmap
