// Package scoreboard keeps what a server does and has done, for its status
// page: requests in flight, the latest one of each slot, and totals. The word is
// httpd's.
//
// Each loop has its own part and its own lock, so that requests of different
// loops do not wait for each other. A request whose snapshot has no status page
// never comes here.
//
// Imports lock.
package scoreboard
