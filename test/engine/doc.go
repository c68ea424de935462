// Package engine runs exchanges through front, pipeline and backend protocol
// over a network in memory: every segmentation, every failing operation, every
// timeout, in virtual time.
package engine
