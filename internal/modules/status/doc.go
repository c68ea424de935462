// Package status is mod_status: the page of SetHandler server-status, for people
// and, with ?auto, for programs.
//
// A configuration without such a handler keeps no scoreboard and pays nothing.
//
// Imports module and what is below it.
package status
