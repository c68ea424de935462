// Package heartbeat knows how busy servers say they are: by heartbeats, small
// datagrams that they send once a second (httpd: mod_heartbeat), or by a file
// that another process writes of them. lbmethod=heartbeat elects by it.
//
// A Sender sends them. A Monitor listens and keeps a Table, and writes the file. It survives a reload
// with its state, and its goroutine ends with that.
//
// Imports directive, state, freshfile, reactor and what is below them.
package heartbeat
