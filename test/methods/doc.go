// Package methods shows the ways to elect members, and the sessions, that
// Headgate has in addition to httpd's, and heartbeats, on the real binary.
package methods
