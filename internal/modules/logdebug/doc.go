// Package logdebug is mod_log_debug: LogMessage writes to the error log while a
// request is processed. A section without it costs nothing.
//
// Imports module and the layers below it.
package logdebug
