// Package fault classifies the failures of an exchange.
//
// A Fault says which side failed, in which phase, of what kind, and whether the
// attempt may be repeated. One function of the pipeline turns it into a status,
// a log line and a member state; no layer below the pipeline chooses a status.
// A Fault is made on the failure path only, so it may allocate.
//
// Imports nothing of this module.
package fault
