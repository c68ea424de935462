// Package prefix finds, of many strings, those a subject begins with, at a
// cost that grows with the subject's length and not with their number: what
// lets lists of rules be as long as they like.
//
// A Tree is filled while a configuration is built and only read afterwards,
// by any number of goroutines.
//
// Imports ascii.
package prefix
