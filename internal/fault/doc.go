// Package fault classifies what goes wrong while an exchange is carried.
//
// A Fault says which side failed, in which phase, of what kind, and whether
// the attempt may be repeated. One function of the pipeline turns it into a
// status, a log line and a member state; nobody below it chooses a status by
// hand. A Fault is made on the failure path only, so it may allocate.
//
// Imports nothing of this module.
package fault
