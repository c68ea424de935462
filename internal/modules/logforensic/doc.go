// Package logforensic is mod_log_forensic: ForensicLog has a line when a request
// begins, with its header, and one when it is logged, so that requests that never
// ended can be found. A server without it pays nothing.
//
// Imports module and the layers below it.
package logforensic
