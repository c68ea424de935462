// Package strftime prints times by the formats of the C library's strftime, in
// the C locale: those of %{format}t, ErrorLogFormat and the names of rotated logs.
//
// Imports nothing of this module.
package strftime
