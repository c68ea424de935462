// Package unixd implements what a Unix daemon needs: users and dropping
// privileges, the pid file, signals to a running instance, detaching from the
// terminal with a report of readiness, and notifying systemd.
//
// It is used by the server and the command line, which decide the order: bind,
// write the pid file, open logs, Drop, serve, report ready. Imports nothing of
// this module; it is at layer 4.
package unixd
