// Package logsink carries log lines to where the configuration sends them:
// files, piped programs, standard streams, syslog.
//
// A Registry owns the open destinations, one Appender per name however many
// virtual hosts name it, counted across snapshots. An Appender takes whole
// lines from any number of loops without allocating and without waiting for
// the system: its own goroutine writes, and lines it cannot place are counted
// as lost and reported once a minute. ErrorLog writes httpd's error-log format
// to an Appender, or directly to a stream before any log is open.
//
// Imports nothing of this module.
package logsink
