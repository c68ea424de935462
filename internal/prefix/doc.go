// Package prefix finds all strings of a set that a subject begins with, at a
// cost that grows with the subject's length and not with the number of strings.
// Lists of rules may therefore be long.
//
// A Tree is filled while a configuration is built and only read afterwards,
// by any number of goroutines.
//
// Imports ascii.
package prefix
