// Package logconfig is mod_log_config (with mod_logio): it compiles LogFormat
// strings and writes access-log lines.
//
// A Format is compiled once, is immutable and appends a line for an exchange
// without allocating; letters are rows of one table. A Log joins a format, a
// condition and a destination. Formats keeps the nicknames of one server.
//
// Imports ascii, exchange, fault, logsink and message.
package logconfig
