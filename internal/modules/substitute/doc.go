// Package substitute is mod_substitute: the filter SUBSTITUTE, which replaces
// text in the bodies of responses, line by line.
//
// A line ends with its line feed; a body's last line may have none. Each pattern
// sees what the ones before it have made of the line. Memory is bounded by
// SubstituteMaxLineLength.
//
// Imports module and the layers below it.
package substitute
