// Package proc runs the processes of the benchmark on chosen cores, ends every one of them, and reads from /proc their
// cost: CPU time and memory of a process with all its descendants.
package proc
