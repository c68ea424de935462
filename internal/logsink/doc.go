// Package logsink writes log lines to their destinations: files, also by the
// rules of rotatelogs, piped programs, standard streams, syslog, journald.
//
// A Registry owns the open destinations: one Appender per name, even if many
// virtual hosts name it, counted across snapshots. An Appender accepts whole
// lines from any number of loops without allocating and without waiting for the
// system: its own goroutine writes. Lines it has no room for are counted as
// lost and reported once a minute. ErrorLog writes httpd's error-log format to
// an Appender, or directly to a stream before any log is open.
//
// Imports nothing of this module.
package logsink
