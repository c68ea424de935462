// Package unixd deals with being a Unix process: users and dropping
// privileges, the pid file, signals to a running instance, detaching from the
// terminal so that the starter learns whether we serve, and telling systemd.
//
// It acts for the server and the command line, which own the order of things:
// bind, write the pid file, open logs, Drop, serve, report ready. Imports
// nothing of this module; it is of layer 4.
package unixd
