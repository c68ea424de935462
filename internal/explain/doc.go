// Package explain makes a report of one request from the events that a
// record.Recorder is handed: as text for people, or as JSON. It decides nothing
// and looks nothing up, so that the report of a request that was only played
// (headgate route) and that of a request of a running server can be the same.
//
// Imports record.
package explain
